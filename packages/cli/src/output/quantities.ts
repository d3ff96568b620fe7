/** Numbers as people read them. Machine-readable output never passes through here. */

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `1536` becomes `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 1024 && unit < BINARY_UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : threeDigits(value)} ${BINARY_UNITS[unit]}`
}

/** `1234567` becomes `1,234,567`. */
export function formatCount(count: number | bigint): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** `1 message`, `1,234 messages`. */
export function formatCountOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Counts per second, shortened from ten thousand on: `12.3 k/s`. */
export function formatRate(perSecond: number): string {
  if (perSecond < 10_000) return `${perSecond < 10 && perSecond > 0 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`
  if (perSecond < 1e6) return `${threeDigits(perSecond / 1e3)} k/s`
  return `${threeDigits(perSecond / 1e6)} M/s`
}

const DURATION_STEPS: readonly (readonly [limit: number, divisor: number, unit: string])[] = [
  [1e3, 1, 'ns'],
  [1e6, 1e3, 'us'],
  [1e9, 1e6, 'ms'],
  [60e9, 1e9, 's'],
]

/** A span of nanoseconds: `742 ns`, `1.25 ms`, `3m 20s`, `5d 3h`. */
export function formatDuration(ns: bigint | number): string {
  const value = Number(ns)
  if (value < 0) return `-${formatDuration(-value)}`
  for (const [limit, divisor, unit] of DURATION_STEPS) {
    if (value < limit) return `${divisor === 1 ? value : threeDigits(value / divisor)} ${unit}`
  }
  const seconds = Math.floor(value / 1e9)
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`
  return `${formatCount(Math.floor(seconds / 86_400))}d ${Math.floor((seconds % 86_400) / 3600)}h`
}

/** Three significant digits, without zeros at the end. */
function threeDigits(value: number): string {
  const text = value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
