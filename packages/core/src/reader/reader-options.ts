import { InvalidArgumentError } from '../errors/index.js'
import { WAIT_STRATEGIES, type WaitStrategyName } from '../wait/wait-strategy.js'

/**
 * Where reading begins: the earliest message that is still there, behind the last one, at a sequence, at a time, or at the last so many messages (fewer when there are
 * not so many). A sequence or a time that is not reached yet is the end: whatever is appended next is the next message.
 */
export type Place =
  | 'earliest'
  | 'latest'
  | { readonly sequence: number }
  | { readonly timestampNs: bigint }
  | { readonly last: number }

/** A {@link Place}, or 'resume', which for a name without a saved position, and for an observer, is 'earliest'. */
export type Start = Place | 'resume'

export interface SourceOptions {
  /**
   * Where an observer begins, and a reader whose name has no saved position yet. Default 'earliest'. It never overrides a saved position (L67): a service that opens with
   * 'latest' gets what came while it was away. Starting over is `reset`, or {@link MessageSource.seek}.
   */
  readonly start?: Start
  /** What a record with a wrong checksum does: `strict` (default) throws and stays there, `skip` counts it and goes on behind it. */
  readonly onCorrupt?: 'strict' | 'skip'
  /** What messages do that retention deleted unread: `strict` (default) throws `ERR_DATA_LOST` once per call, `snap` counts them and goes on with the earliest. */
  readonly onLost?: 'strict' | 'snap'
  /** How waiting is done. Default 'adaptive'. */
  readonly wait?: WaitStrategyName
  /** Milliseconds that the open waits for a queue that does not exist yet, or that a writer is making. Default 0. The synchronous opens block the thread meanwhile. */
  readonly waitForQueueMs?: number
}

export interface ReaderOptions extends SourceOptions {
  /** Forgets the saved position and begins at `start`, as a new name does. Also the way out when the saved position is unusable. Default false. */
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
export function resolveSourceOptions(given: SourceOptions): ResolvedSourceOptions {
  checkNames(given, SOURCE_OPTION_NAMES)
  const options = {
    start: given.start ?? 'earliest',
    onCorrupt: given.onCorrupt ?? 'strict',
    onLost: given.onLost ?? 'strict',
    wait: given.wait ?? 'adaptive',
    waitForQueueMs: given.waitForQueueMs ?? 0,
  } as const
  oneOf('onCorrupt', options.onCorrupt, ['strict', 'skip'])
  oneOf('onLost', options.onLost, ['strict', 'snap'])
  oneOf('wait', options.wait, WAIT_STRATEGIES)
  checkStart(options.start, ['resume', 'earliest', 'latest'])
  const { waitForQueueMs } = options
  if (!(typeof waitForQueueMs === 'number' && waitForQueueMs >= 0))
    throw new InvalidArgumentError({ argument: 'waitForQueueMs', value: waitForQueueMs, expected: 'milliseconds, not negative' })
  return options
}

/** {@link resolveSourceOptions} for a reader. */
export function resolveReaderOptions(given: ReaderOptions): ResolvedReaderOptions {
  const { reset = false, ...others } = given
  if (typeof reset !== 'boolean') throw new InvalidArgumentError({ argument: 'reset', value: reset, expected: 'true or false' })
  return { ...resolveSourceOptions(others), reset }
}

function checkNames(given: object, known: readonly string[]): void {
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name) && value !== undefined)
      throw new InvalidArgumentError({ argument: name, value, expected: `one of ${known.join(', ')}` })
  }
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
  throw new InvalidArgumentError({
    argument: 'start',
    value: start,
    expected: 'a sequence, a bigint of nanoseconds, or a count of last messages, not negative',
  })
}

function isPlace(start: unknown): boolean {
  if (typeof start !== 'object' || start === null) return false
  if ('sequence' in start) return isCount(start.sequence)
  if ('last' in start) return isCount(start.last)
  return 'timestampNs' in start && typeof start.timestampNs === 'bigint' && start.timestampNs >= 0n
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
