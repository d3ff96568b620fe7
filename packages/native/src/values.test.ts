import { availableParallelism } from 'node:os'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { amount } from '../../../tools/evidence/effort/effort.mjs'
import { binding } from './index.js'

/** The definition, bit by bit. */
function crcByDefinition(bytes: Uint8Array, seed: number): number {
  let crc = ~seed
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

describe('crc32', () => {
  it.each([
    ['', '00000000'],
    ['hello', '3610a686'],
    ['123456789', 'cbf43926'],
    [Buffer.alloc(32), '190a55ad'],
    [Buffer.alloc(100, 0xab), 'bae4b312'],
  ])('knows the sum of %s', (bytes, sum) => {
    expect(
      binding
        .crc32(Buffer.from(bytes as string))
        .toString(16)
        .padStart(8, '0'),
    ).toBe(sum)
  })

  it('equals the definition for every length up to 1024, at every alignment', () => {
    const noise = Buffer.from(Array.from({ length: 1200 }, (_, index) => (index * 2654435761) >>> 24))
    for (let length = 0; length <= 1024; length++) {
      const bytes = noise.subarray(length % 17, (length % 17) + length)
      expect(binding.crc32(bytes, length * 4194303), `length ${length}`).toBe(crcByDefinition(bytes, length * 4194303))
    }
  })

  it('goes on from any seed, wherever the bytes are cut', () => {
    const parts = fc.record({
      bytes: fc.uint8Array({ maxLength: 4096 }),
      cut: fc.nat(4096),
      seed: fc.integer({ min: 0, max: 0xffffffff }),
    })
    fc.assert(
      fc.property(parts, ({ bytes, cut, seed }) => {
        const whole = binding.crc32(bytes, seed)
        expect(whole).toBe(crcByDefinition(bytes, seed))
        expect(binding.crc32(bytes.subarray(cut), binding.crc32(bytes.subarray(0, cut), seed))).toBe(whole)
      }),
      { numRuns: amount({ short: 75, long: 300 }) },
    )
  })

  it('refuses what is not a Uint8Array and what is not a seed', () => {
    const crc32 = binding.crc32 as (...values: unknown[]) => number
    for (const value of [undefined, null, 'text', [1], new ArrayBuffer(4), new Float64Array(4)])
      expect(() => crc32(value)).toThrow(TypeError)
    expect(() => crc32(new Uint8Array(1), 'seed')).toThrow(TypeError)
    for (const seed of [-1, 2 ** 32, Number.NaN]) expect(() => crc32(new Uint8Array(1), seed)).toThrow(RangeError)
    expect(crc32(new Uint8Array(1), undefined)).toBe(crc32(new Uint8Array(1)))
  })
})

describe('realtimeNs', () => {
  it('is the time of day', () => {
    const before = BigInt(Date.now()) * 1_000_000n
    const time = binding.realtimeNs()
    expect(time).toBeGreaterThanOrEqual(before - 1_000_000n)
    expect(time).toBeLessThan(before + 60_000_000_000n)
  })
})

describe('setThreadAffinity', () => {
  const cpus = binding.threadAffinity()
  afterEach(() => binding.setThreadAffinity(cpus))

  it('pins this thread to the CPUs of its argument', () => {
    expect(cpus.length).toBe(availableParallelism())
    const [last] = cpus.slice(-1) as [number]
    binding.setThreadAffinity([last])
    expect(binding.threadAffinity()).toEqual([last])
    binding.setThreadAffinity([last, 8000])
    expect(binding.threadAffinity()).toEqual([last])
  })

  it('refuses CPUs that do not exist', () => {
    const error = expect.objectContaining({ code: 'EINVAL', errno: 22, syscall: 'sched_setaffinity' })
    expect(() => binding.setThreadAffinity([8001])).toThrow(error)
    expect(() => binding.setThreadAffinity([])).toThrow(error)
    expect(() => binding.setThreadAffinity([100_000])).toThrow(RangeError)
    expect(() => binding.setThreadAffinity(['0'] as unknown as number[])).toThrow(TypeError)
    expect(() => binding.setThreadAffinity(0 as unknown as number[])).toThrow(TypeError)
  })
})
