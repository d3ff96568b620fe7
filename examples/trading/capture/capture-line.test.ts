import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCaptureLine } from './capture-line.js'

const parse = (text: string) => parseCaptureLine(Buffer.from(text))
const timeOf = (text: string) => Object(parse(text)).timestampNs

describe('the time of a frame', () => {
  it('keeps every digit of the recorded text', () => {
    expect(parse('1626992741.06217: {}')).toEqual({ timestampNs: 1_626_992_741_062_170_000n, payload: Buffer.from('{}') })
    expect(timeOf('1626992741.3105128: {}')).toBe(1_626_992_741_310_512_800n)
    expect(timeOf('1618677817: {}')).toBe(1_618_677_817_000_000_000n)
    expect(timeOf('1618677817.000000001: {}')).toBe(1_618_677_817_000_000_001n)
  })

  it('drops what is below a nanosecond', () => {
    expect(timeOf('1618677817.1234567899999: {}')).toBe(1_618_677_817_123_456_789n)
  })

  it('is a number of seconds that a timestamp has room for', () => {
    for (const text of ['1.: {}', '12345678901: {}', '1', '1: ', '1: \r']) expect(parse(text)).toBe('malformed')
    for (const text of ['', 'wss://x', '-1.5: {}', '.5: {}', ' 1: {}']) expect(parse(text)).toBe('other')
  })

  it('agrees with the decimal text for any instant', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999_999_999 }), fc.integer({ min: 0, max: 999_999_999 }), (seconds, ns) => {
        const text = `${seconds}.${String(ns).padStart(9, '0')}: {}`
        expect(timeOf(text)).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(ns))
      }),
    )
  })
})
