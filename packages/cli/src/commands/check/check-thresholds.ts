import { parseThresholds, readThresholds, type StateThresholds, type Threshold } from '@chronicle-ts/inspect'
import { InvalidArgumentError } from 'commander'
import { parseSizeOption } from '../../options.js'
import { parseSpan } from '../../output/times.js'

/** Thresholds as the command line gives them. */
export interface CheckOptions {
  readonly lagMessages?: Threshold
  readonly lagBytes?: Threshold
  readonly lagSeconds?: Threshold
  readonly ownLagSeconds?: Threshold
  readonly writer?: 'running' | 'any'
  readonly blocked?: Threshold
  readonly durableBehind?: Threshold
  readonly diskFree?: DiskThreshold
  readonly optionalReader?: readonly string[]
  readonly reader?: readonly ReaderOption[]
}

type DiskThreshold = Pick<StateThresholds, 'diskFreeBytes' | 'diskFreeShare'>
type ReaderOption = readonly [name: string, thresholds: StateThresholds]

/** The thresholds of a queue: those of its file, and before them those of the command line. */
export function thresholdsFor(directory: string, options: CheckOptions): StateThresholds {
  const file = readThresholds(directory)
  const { lagMessages, lagBytes, lagSeconds, ownLagSeconds, writer, blocked, durableBehind, diskFree } = options
  const readers: Record<string, StateThresholds> = { ...file.readers }
  for (const name of options.optionalReader ?? []) readers[name] = { ...readers[name], optional: true }
  for (const [name, own] of options.reader ?? []) readers[name] = { ...readers[name], ...own }
  return {
    ...file,
    ...(lagMessages && { lagMessages }),
    ...(lagBytes && { lagBytes }),
    ...(lagSeconds && { lagSeconds }),
    ...(ownLagSeconds && { ownLagSeconds }),
    ...(writer && { writer }),
    ...(blocked && { blockedSeconds: blocked }),
    ...(durableBehind && { durableBehind }),
    ...diskFree,
    readers,
  }
}

/** `1000` or `1000:100000`: where warnings begin, and where it is critical. `:100000` is critical only. */
export function parseCountThreshold(text: string): Threshold {
  return parseThreshold(text, parseCount, 'expected counts such as 1000, 1000:100000 or :100000')
}

/** `64MiB` or `64MiB:1GiB`. */
export function parseSizeThreshold(text: string): Threshold {
  return parseThreshold(text, parseSizeOption, 'expected sizes such as 64MiB, 64MiB:1GiB or :1GiB')
}

/** `5s` or `5s:1m`, or plain seconds. */
export function parseSecondsThreshold(text: string): Threshold {
  return parseThreshold(text, parseSeconds, 'expected times such as 5s, 5s:1m, 0.5 or :1m')
}

/** `10GiB:1GiB` or `5%:1%`: warning below the first, critical below the second. */
export function parseDiskThreshold(text: string): DiskThreshold {
  const expected = 'expected sizes or shares such as 10GiB, 10GiB:1GiB or 5%:1%'
  if (!text.includes('%')) return { diskFreeBytes: parseThreshold(text, parseSizeOption, expected, 'diskFreeBytes') }
  return { diskFreeShare: parseThreshold(text, parsePercent, expected, 'diskFreeShare') }
}

/** `audit:lag-seconds=5s:1m,lag-messages=1000`, repeated for other readers. */
export function parseReaderThreshold(text: string, before: readonly ReaderOption[] = []): readonly ReaderOption[] {
  const colon = text.indexOf(':')
  if (colon <= 0) throw new InvalidArgumentError('expected <reader>:<threshold>=<value>, such as audit:lag-seconds=60s')
  const thresholds: Record<string, unknown> = {}
  for (const part of text.slice(colon + 1).split(',')) {
    const [name = '', ...values] = part.split('=')
    const value = values.join('=')
    const known = READER_PARSERS[name]
    if (known === undefined) throw new InvalidArgumentError(`expected one of ${Object.keys(READER_PARSERS).join(', ')}`)
    thresholds[known.name] = known.parse(value)
  }
  return [...before, [text.slice(0, colon), thresholds as StateThresholds]]
}

const READER_PARSERS: Readonly<Record<string, { readonly name: string; readonly parse: (text: string) => Threshold }>> = {
  'lag-messages': { name: 'lagMessages', parse: parseCountThreshold },
  'lag-bytes': { name: 'lagBytes', parse: parseSizeThreshold },
  'lag-seconds': { name: 'lagSeconds', parse: parseSecondsThreshold },
  'own-lag-seconds': { name: 'ownLagSeconds', parse: parseSecondsThreshold },
}

function parseThreshold(
  text: string,
  parse: (part: string) => number,
  expected: string,
  entry: 'lagMessages' | 'diskFreeBytes' | 'diskFreeShare' = 'lagMessages',
): Threshold {
  const parts = text.split(':')
  if (parts.length > 2 || parts.every((part) => part === '')) throw new InvalidArgumentError(expected)
  const [warning = '', critical = ''] = parts
  let threshold: Threshold
  try {
    threshold = {
      ...(warning !== '' && { warning: parse(warning) }),
      ...(critical !== '' && { critical: parse(critical) }),
    }
  } catch {
    throw new InvalidArgumentError(expected)
  }
  try {
    // What thresholds.json may not hold the command line may not say.
    parseThresholds({ [entry]: threshold })
  } catch {
    throw new InvalidArgumentError(`the warning must come before the critical value: ${expected}`)
  }
  return threshold
}

function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('expected a count such as 1000')
  return Number(text)
}

function parseSeconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  const span = parseSpan(text)
  if (span === undefined) throw new InvalidArgumentError('expected a span such as 5s')
  return Number(span) / 1e9
}

function parsePercent(text: string): number {
  const match = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)
  const percent = match === null ? Number.NaN : Number(match[1])
  if (!(percent <= 100)) throw new InvalidArgumentError('expected a share such as 90%')
  return percent / 100
}
