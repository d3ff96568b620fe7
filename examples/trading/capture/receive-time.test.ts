import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseReceiveTime } from './receive-time.js'

const parse = (text: string) => parseReceiveTime(Buffer.from(text))

describe('parseReceiveTime', () => {
  it('keeps every digit of the recorded text', () => {
    expect(parse('1626992741.06217: {}')).toEqual({ timestampNs: 1_626_992_741_062_170_000n, end: 16 })
    expect(parse('1626992741.3105128: {}')?.timestampNs).toBe(1_626_992_741_310_512_800n)
    expect(parse('1618677817: {}')?.timestampNs).toBe(1_618_677_817_000_000_000n)
    expect(parse('1618677817.000000001: {}')?.timestampNs).toBe(1_618_677_817_000_000_001n)
  })

  it('drops what is below a nanosecond', () => {
    expect(parse('1618677817.1234567899999: {}')?.timestampNs).toBe(1_618_677_817_123_456_789n)
  })

  it('refuses anything else', () => {
    for (const text of ['', 'wss://x', '-1.5: {}', '.5: {}', '1.: {}', '12345678901: {}', ' 1: {}'])
      expect(parse(text)).toBeUndefined()
  })

  it('agrees with the decimal text for any instant', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999_999_999 }), fc.integer({ min: 0, max: 999_999_999 }), (seconds, ns) => {
        const text = `${seconds}.${String(ns).padStart(9, '0')}: {}`
        expect(parse(text)?.timestampNs).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(ns))
      }),
    )
  })
})
