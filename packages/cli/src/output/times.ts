const NS_PER_MS = 1_000_000n
const NS_PER_SECOND = 1_000_000_000n

/** RFC 3339 in UTC with nine digits of the second: `2026-11-21T08:00:00.000000001Z`. */
export function formatTime(timestampNs: bigint): string {
  const milliseconds = new Date(Number(timestampNs / NS_PER_MS)).toISOString()
  return `${milliseconds.slice(0, -5)}.${String(timestampNs % NS_PER_SECOND).padStart(9, '0')}Z`
}

/** Now, to the millisecond that the system clock gives JavaScript. */
export function nowNs(): bigint {
  return BigInt(Date.now()) * NS_PER_MS
}

const SPAN_UNITS_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: NS_PER_MS,
  s: NS_PER_SECOND,
  m: 60n * NS_PER_SECOND,
  h: 3_600n * NS_PER_SECOND,
  d: 86_400n * NS_PER_SECOND,
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})?)?$/
const TIMESTAMP_NS_MAX = 0xffff_ffff_ffff_ffffn
/** The year 1973: fewer digits are milliseconds, or a date or seconds, which are not accepted. */
const NS_DIGITS_MIN = 18
/** From 2001 to 2286. With a digit less or more it could be a date and a time, as in 202611210800. */
const MS_DIGITS = 13

/**
 * Reads a point in time. That is RFC 3339 (`2026-11-21`, `2026-11-21T08:00:00.5Z`, UTC where no zone is given) or a span before `now` (`15m`, `2h`, `250ms`). Or it is
 * milliseconds since 1970 (13 digits) or nanoseconds since 1970 (18 to 20 digits, or 0). Returns `undefined` for anything else: for `20261121`, which could mean several
 * things, and for a day or an hour that does not exist.
 */
export function parseTime(text: string, now: bigint = nowNs()): bigint | undefined {
  if (/^\d+$/.test(text)) return parseNanoseconds(text)
  const span = parseSpan(text)
  if (span !== undefined) return now > span ? now - span : 0n
  const match = RFC3339.exec(text)
  if (match === null) return undefined
  const [, date = '', time = '00:00:00', fraction = '', zone = 'Z'] = match
  if (!exists(date, time, zone)) return undefined
  const milliseconds = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}${zone.toUpperCase()}`)
  if (Number.isNaN(milliseconds) || milliseconds < 0) return undefined
  return inRange(BigInt(milliseconds) * NS_PER_MS + BigInt(fraction.padEnd(9, '0')))
}

function parseNanoseconds(digits: string): bigint | undefined {
  if (digits.length === MS_DIGITS) return BigInt(digits) * NS_PER_MS
  if (digits !== '0' && digits.length < NS_DIGITS_MIN) return undefined
  return inRange(BigInt(digits))
}

function inRange(timestampNs: bigint): bigint | undefined {
  return timestampNs <= TIMESTAMP_NS_MAX ? timestampNs : undefined
}

/** Whether a calendar has this day and a clock this time: `Date` makes 2 March of 30 February. */
function exists(date: string, time: string, zone: string): boolean {
  const midnight = new Date(`${date}T00:00:00Z`)
  const hasDay = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date)
  const [hour = 0, minute = 0, second = 0] = time.split(':').map(Number)
  const [zoneHour = 0, zoneMinute = 0] = zone.length === 6 ? zone.slice(1).split(':').map(Number) : []
  return hasDay && hour < 24 && minute < 60 && second < 60 && zoneHour < 24 && zoneMinute < 60
}

/** Reads a span such as `90s`, `1.5h` or `250ms`, in nanoseconds; `undefined` for anything else. */
export function parseSpan(text: string): bigint | undefined {
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?(ns|us|ms|s|m|h|d)$/.exec(text)
  if (match === null) return undefined
  const [, whole = '0', fraction = '', unit = 's'] = match
  const unitNs = SPAN_UNITS_NS[unit] ?? 1n
  return BigInt(whole) * unitNs + (BigInt(fraction.padEnd(9, '0')) * unitNs) / NS_PER_SECOND
}
