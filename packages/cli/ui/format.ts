const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '?'
  let amount = value
  let unit = 0
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024
    unit += 1
  }
  return `${unit === 0 ? amount : amount.toFixed(amount < 10 ? 1 : 0)} ${UNITS[unit]}`
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '?' : value.toLocaleString('en')
}

export function rate(value: number | null | undefined): string {
  if (value === null || value === undefined) return '?'
  if (value < 10_000) return `${value < 10 && value > 0 ? value.toFixed(1) : Math.round(value)}/s`
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} k/s` : `${(value / 1e6).toFixed(2)} M/s`
}

export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return '?'
  if (value < 1) return `${Math.round(value * 1000)} ms`
  if (value < 120) return `${value.toFixed(value < 10 ? 1 : 0)} s`
  if (value < 7200) return `${Math.round(value / 60)} min`
  return value < 172_800 ? `${(value / 3600).toFixed(1)} h` : `${Math.round(value / 86_400)} d`
}

export function nanoseconds(value: string | null | undefined): string {
  return value === null || value === undefined ? '?' : seconds(Number(value) / 1e9)
}

/** A time with all of its nanoseconds, in UTC. */
export function time(timestampNs: string): string {
  const digits = timestampNs.padStart(10, '0')
  const date = new Date(Number(digits.slice(0, -6)))
  if (Number.isNaN(date.getTime())) return `${timestampNs} ns`
  return `${date.toISOString().slice(0, 19).replace('T', ' ')}.${digits.slice(-9)}Z`
}

/** The time of day, for lines that say how far a search is. */
export function clock(timestampNs: string | null): string {
  return timestampNs === null ? '?' : time(timestampNs).slice(11, 19)
}

/** Bytes as a dump: offset, hexadecimal, characters. */
export function hex(payload: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < payload.length; at += 16) {
    const row = [...payload.subarray(at, at + 16)]
    const digits = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const characters = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${digits.padEnd(47)}  ${characters}`)
  }
  return lines.join('\n')
}
