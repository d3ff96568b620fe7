import { InvalidArgumentError } from 'commander'
import { parseSpan, parseTime } from './output/times.js'

/** Parsers for option values; what they throw becomes one line of usage error. */

export function parseSpanOption(text: string): bigint {
  const span = parseSpan(text)
  if (span === undefined || span === 0n) throw new InvalidArgumentError('expected a span such as 250ms, 2s or 5m')
  return span
}

export function parseTimeOption(text: string): bigint {
  const timestampNs = parseTime(text)
  if (timestampNs === undefined) {
    throw new InvalidArgumentError(
      'expected a time such as 2026-11-21T08:00:00Z, nanoseconds since 1970, or a span ago such as 15m',
    )
  }
  return timestampNs
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
