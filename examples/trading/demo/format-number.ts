/** `1234567` as `1,234,567`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Nanoseconds in the unit that leaves the fewest digits: `850 ns`, `12.3 us`, `4.56 ms`, `1.20 s`. */
export function formatDuration(ns: number): string {
  if (ns < 1e3) return `${Math.round(ns)} ns`
  if (ns < 1e6) return `${threeDigits(ns / 1e3)} us`
  if (ns < 1e9) return `${threeDigits(ns / 1e6)} ms`
  return `${threeDigits(ns / 1e9)} s`
}

function threeDigits(value: number): string {
  if (value < 10) return value.toFixed(2)
  return value < 100 ? value.toFixed(1) : value.toFixed(0)
}
