/**
 * A time is 64 bits wide and compared as two halves of 32. Inside the merge each half is a signed number, the unsigned one less 2^31: they sort alike, and only signed ones
 * are small integers of the engine. An unsigned half above 2^31 would become an object on the heap with every call that is not inlined.
 */
export type TimeHalf = number

/** Either half of time 0. */
export const LOWEST_HALF: TimeHalf = -0x8000_0000

export function toHalf(unsigned: number): TimeHalf {
  return unsigned ^ LOWEST_HALF
}

/** The unsigned half again. */
export function fromHalf(half: TimeHalf): number {
  return (half ^ LOWEST_HALF) >>> 0
}

/** Both halves as nanoseconds. */
export function toNs(high: TimeHalf, low: TimeHalf): bigint {
  return (BigInt(fromHalf(high)) << 32n) | BigInt(fromHalf(low))
}
