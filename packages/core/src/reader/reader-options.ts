import { InvalidArgumentError } from '../errors/index.js'
import { COUNT, NANOSECONDS, type OptionKind } from '../files/option-kinds.js'
import { checkObject, checkOptionNames } from '../files/option-names.js'
import { isRecordOffset } from '../format/index.js'
import type { Position } from '../positions/position-file.js'
import { WAIT_STRATEGIES, type WaitStrategyName } from '../wait/strategies/wait-strategies.js'
import { type Moment, momentNs } from './moment.js'

/**
 * Where reading begins: at the earliest message that exists, after the last one, at a sequence, at a time, or at the last `n` messages (all, where there are fewer).
 * Programs that keep positions themselves give a {@link Position} that a source returned. A sequence or a time that is not reached yet means the end: the message that is
 * appended next is the next message.
 */
export type Place =
  | 'earliest'
  | 'latest'
  | { readonly sequence: number }
  | { readonly timestampNs: bigint }
  | { readonly time: Moment }
  | { readonly last: number }
  | Position

/** A {@link Place}, or 'resume', which for a name without a saved position, and for an observer, is 'earliest'. */
export type Start = Place | 'resume'

export interface SourceOptions {
  /**
   * Where an observer begins, and a reader whose name has no saved position yet. Default 'earliest'. It never overrides a saved position: a service that opens with
   * 'latest' gets the messages that were appended while it was not running. To start over, use `reset`, or `MessageSource.seek`.
   */
  readonly start?: Start
  /** What a record with a wrong checksum does: `strict` (default) throws and does not move, `skip` counts it and continues after it. `skip` also reads the records of a segment whose header or length is damaged. */
  readonly onCorrupt?: 'strict' | 'skip'
  /** What happens when retention deleted unread messages: `strict` (default) throws `ERR_DATA_LOST` at each call, `snap` counts them and continues with the earliest. */
  readonly onLost?: 'strict' | 'snap'
  /** How waiting is done. Default 'adaptive'. */
  readonly wait?: WaitStrategyName
  /** Milliseconds that the open waits for a queue that does not exist yet, or that a writer is making. Default 0. The synchronous opens block the thread meanwhile. */
  readonly waitForQueueMs?: number
}

export interface ReaderOptions extends SourceOptions {
  /** Forgets the saved position and begins at `start`, as a new name does. Also replaces a saved position that is unusable. Default false. */
  readonly reset?: boolean
}

export interface ObserverOptions extends SourceOptions {}

export type ResolvedSourceOptions = Required<SourceOptions>

export type ResolvedReaderOptions = Required<ReaderOptions>

const SOURCE_OPTION_NAMES: readonly string[] = [
  'start',
  'onCorrupt',
  'onLost',
  'wait',
  'waitForQueueMs',
] satisfies (keyof SourceOptions)[]

/** Checks options and fills in defaults. @throws {@link InvalidArgumentError} also for a name that is unknown. */
export function resolveSourceOptions(options: SourceOptions): ResolvedSourceOptions {
  const given = readOnce(options)
  checkOptionNames(given, SOURCE_OPTION_NAMES)
  const { start = 'earliest', onCorrupt = 'strict', onLost = 'strict', wait = 'adaptive', waitForQueueMs = 0 } = given
  const resolved = { start, onCorrupt, onLost, wait, waitForQueueMs }
  oneOf('onCorrupt', resolved.onCorrupt, ['strict', 'skip'])
  oneOf('onLost', resolved.onLost, ['strict', 'snap'])
  oneOf('wait', resolved.wait, WAIT_STRATEGIES)
  checkStart(resolved.start, ['resume', 'earliest', 'latest'])
  if (!(typeof waitForQueueMs === 'number' && waitForQueueMs >= 0))
    throw new InvalidArgumentError({ argument: 'waitForQueueMs', value: waitForQueueMs, expected: 'milliseconds, not negative' })
  return resolved
}

/** {@link resolveSourceOptions} for a reader. */
export function resolveReaderOptions(given: ReaderOptions): ResolvedReaderOptions {
  const { reset = false, ...others } = readOnce(given)
  if (typeof reset !== 'boolean') throw new InvalidArgumentError({ argument: 'reset', value: reset, expected: 'true or false' })
  if (reset && others.start === 'resume')
    throw new InvalidArgumentError({
      argument: 'start',
      value: others.start,
      expected: 'another place: reset forgets the saved position',
    })
  return { ...resolveSourceOptions(others), reset }
}

/** Checks the options of a reader that is opened later, so that an error names them at once. @throws {@link InvalidArgumentError} */
export function checkReaderOptions(argument: string, options: ReaderOptions | undefined): void {
  if (options === undefined) return
  checkObject(options, argument)
  resolveReaderOptions(options)
}

/** A copy: an accessor may answer differently the next time. */
function readOnce<Options extends object>(options: Options): Options {
  checkObject(options)
  return { ...options }
}

function oneOf(argument: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw new InvalidArgumentError({ argument, value, expected: allowed.join(', ') })
}

/** @throws {@link InvalidArgumentError} for what is neither one of the names, nor a sequence, nor a time. */
export function checkStart(start: Start, names: readonly string[]): void {
  if (typeof start === 'string') {
    oneOf('start', start, names)
    return
  }
  if (isPlace(start)) return
  const part = typeof start === 'object' && start !== null ? onlyPart(start) : undefined
  if (part !== undefined)
    throw new InvalidArgumentError({ argument: `start.${part.name}`, value: part.value, expected: part.kind.expected })
  throw new InvalidArgumentError({
    argument: 'start',
    value: start,
    expected:
      'one of { sequence }, { last }, { time: Date, milliseconds or a bigint of nanoseconds }, { timestampNs: bigint }, none negative, or a position',
  })
}

/** Places that are one value, by the name of that value. */
const PLACES: Readonly<Record<string, OptionKind>> = {
  sequence: COUNT,
  last: COUNT,
  time: {
    expected: 'a Date, milliseconds or a bigint of nanoseconds, from 1970 on',
    accepts: (time) => momentNs(time) !== undefined,
  },
  timestampNs: NANOSECONDS,
}

/** The only member of an object that has the form of such a place. Two places, or one and a misspelt word, have not. */
function onlyPart(start: object): { readonly name: string; readonly value: unknown; readonly kind: OptionKind } | undefined {
  const [name = '', ...others] = Object.keys(start)
  const kind = others.length === 0 && Object.hasOwn(PLACES, name) ? PLACES[name] : undefined
  return kind && { name, value: start[name as keyof typeof start], kind }
}

function isPlace(start: unknown): boolean {
  if (typeof start !== 'object' || start === null) return false
  // A message is a place, too: it has a sequence and a position.
  if ('segmentId' in start) return 'sequence' in start ? COUNT.accepts(start.sequence) : isPosition(start)
  const part = onlyPart(start)
  return part?.kind.accepts(part.value) === true
}

/** Of an option that says where to begin. */
export const PLACE: OptionKind = {
  expected: "'earliest', 'latest', { sequence }, { last }, { time }, { timestampNs } or a position",
  accepts: (place) => place === 'earliest' || place === 'latest' || isPlace(place),
}

/** Returns whether a start is a place in a segment. */
export function isPosition(start: object): start is Position {
  const { segmentId, offset } = start as Partial<Position>
  return COUNT.accepts(segmentId) && COUNT.accepts(offset) && isRecordOffset(offset as number)
}
