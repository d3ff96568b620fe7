/** Nanoseconds of CLOCK_MONOTONIC, the same clock in every process of the machine; exact as a number for a hundred days of uptime. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint())
}
