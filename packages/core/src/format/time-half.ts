/**
 * Half of a time in nanoseconds: 32 of its 64 bits as a signed number, the unsigned one less 2^31. Times are compared by their upper and then by their lower halves, because
 * a number cannot hold nanoseconds since 1970 and a bigint costs an allocation. Halves sort like the unsigned numbers; those above 2^31 would become objects on
 * the heap with every call that the engine does not inline.
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

export function highHalf(ns: bigint): TimeHalf {
  return toHalf(Number(BigInt.asIntN(32, ns >> 32n)))
}

export function lowHalf(ns: bigint): TimeHalf {
  return toHalf(Number(BigInt.asIntN(32, ns)))
}

/** Both halves as nanoseconds. */
export function toNs(high: TimeHalf, low: TimeHalf): bigint {
  return (BigInt(fromHalf(high)) << 32n) | BigInt(fromHalf(low))
}
