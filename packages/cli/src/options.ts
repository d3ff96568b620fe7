import { InvalidArgumentError } from 'commander'
import { parseSpan, parseTime } from './output/times.js'

/** Parsers for option values; what they throw becomes one line of usage error. */

export function parseSpanOption(text: string): bigint {
  const span = parseSpan(text)
  if (span === undefined || span === 0n) throw new InvalidArgumentError('expected a span such as 250ms, 2s or 5m')
  return span
}

const TIMES =
  'a time that exists, such as 2026-11-21T08:00:00Z, milliseconds or nanoseconds since 1970 (13 or 19 digits), or a span ago such as 15m'

export function parseTimeOption(text: string): bigint {
  const timestampNs = parseTime(text)
  if (timestampNs === undefined) {
    throw new InvalidArgumentError(`expected ${TIMES}`)
  }
  return timestampNs
}

/** What timers can wait: a longer time would be none at all. */
const INTERVAL_NS_MAX = 0x7fff_ffffn * 1_000_000n

/** A span between two looks. */
export function parseIntervalOption(text: string): bigint {
  const span = parseSpanOption(text)
  if (span > INTERVAL_NS_MAX) throw new InvalidArgumentError('expected at most 24d')
  return span
}

/** A whole number from 0 on. */
export function parseCountOption(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) throw new InvalidArgumentError('expected a whole number from 0 on')
  return count
}

/** A type id, 0 to 65534; may be repeated or separated by commas. */
export function parseTypeOption(text: string, before: readonly number[] = []): number[] {
  const types = text.split(',').map((part) => (/^(\d+|0x[0-9a-fA-F]+)$/.test(part.trim()) ? Number(part.trim()) : Number.NaN))
  if (types.some((type) => !(type <= 0xfffe)))
    throw new InvalidArgumentError('expected type ids from 0 to 65534, separated by commas')
  return [...before, ...types]
}

/** A regular expression, optionally written as /pattern/flags. */
export function parsePatternOption(text: string): RegExp {
  const slashed = /^\/(.*)\/([a-z]*)$/s.exec(text)
  try {
    return slashed === null ? new RegExp(text) : new RegExp(slashed[1] ?? '', (slashed[2] ?? '').replace(/[gy]/g, ''))
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : 'expected a regular expression')
  }
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }

/** Bytes, with binary units: `4096`, `64KiB`, `1.5G`. */
export function parseSizeOption(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([KMGT]?)(?:i?B)?$/i.exec(text)
  const size = match === null ? Number.NaN : Number(match[1]) * (SIZE_UNITS[(match[2] ?? '').toUpperCase()] ?? Number.NaN)
  if (!Number.isSafeInteger(size)) throw new InvalidArgumentError('expected whole bytes, such as 4096, 64KiB or 10GiB')
  return size
}

/** A factor above 0, or `max` for as fast as possible (infinity). */
export function parseSpeedOption(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const speed = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || !(speed > 0)) throw new InvalidArgumentError('expected a factor above 0, or max')
  return speed
}

/** One type id, 0 to 65534. */
export function parseTypeIdOption(text: string): number {
  const [type, ...more] = parseTypeOption(text)
  if (type === undefined || more.length > 0) throw new InvalidArgumentError('expected one type id from 0 to 65534')
  return type
}

/** CPU numbers: `2`, `2,3`, `2-5`. */
export function parseCpusOption(text: string): number[] {
  const parts = text.split(',').map((part) => /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part))
  return parts.flatMap((match) => {
    if (match === null) throw new InvalidArgumentError('expected CPU numbers such as 2 or 2,3 or 2-5')
    const first = Number(match[1])
    const last = Number(match[2] ?? first)
    if (last < first) throw new InvalidArgumentError('expected a range of CPUs that goes up, such as 2-5')
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

/** A share: `10%` or `0.1`. */
export function parseShareOption(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text)
  if (match === null) throw new InvalidArgumentError('expected a share such as 10% or 0.1')
  return Number(match[1]) / (match[2] === '%' ? 100 : 1)
}

/** A place in a queue: `earliest`, `latest`, `sequence:120000`, or a time. */
export function parseReaderPlaceOption(
  text: string,
): 'earliest' | 'latest' | { readonly sequence: number } | { readonly timestampNs: bigint } {
  if (text === 'earliest' || text === 'latest') return text
  const sequence = /^sequence:(.*)$/s.exec(text)?.[1]
  if (sequence !== undefined) return { sequence: parseCountOption(sequence) }
  const timestampNs = parseTime(text)
  if (timestampNs === undefined) throw new InvalidArgumentError(`expected earliest, latest, sequence:<n>, or ${TIMES}`)
  return { timestampNs }
}
