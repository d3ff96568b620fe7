/** A point in time: a Date, milliseconds since 1970 as `Date.now()` gives them, or nanoseconds since 1970 as messages carry them. */
export type Moment = Date | number | bigint

const NS_PER_MS = 1_000_000n
const TIMESTAMP_NS_MAX = 0xffff_ffff_ffff_ffffn

/** Returns the nanoseconds since 1970 of a moment; `undefined` for an invalid one: before 1970, an invalid Date, or beyond what a message can carry. */
export function momentNs(moment: unknown): bigint | undefined {
  const timestampNs = moment instanceof Date ? nsOfMs(moment.getTime()) : typeof moment === 'number' ? nsOfMs(moment) : moment
  return typeof timestampNs === 'bigint' && timestampNs >= 0n && timestampNs <= TIMESTAMP_NS_MAX ? timestampNs : undefined
}

function nsOfMs(milliseconds: number): bigint | undefined {
  if (!Number.isFinite(milliseconds)) return undefined
  const whole = Math.floor(milliseconds)
  return BigInt(whole) * NS_PER_MS + BigInt(Math.round((milliseconds - whole) * 1e6))
}
