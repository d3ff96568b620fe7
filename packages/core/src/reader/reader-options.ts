import { InvalidArgumentError } from '../errors/index.js'
import { WAIT_STRATEGIES, type WaitStrategyName } from '../wait/wait-strategy.js'

/**
 * Where reading begins. `resume`: at the saved position; a new name begins at the earliest message that is still there. A sequence or a time that is not reached yet is the end:
 * whatever is appended next is the next message.
 */
export type Start = 'resume' | 'earliest' | 'latest' | { readonly sequence: number } | { readonly timestampNs: bigint }

export interface SourceOptions {
  readonly start?: Start
  /** What a record with a wrong checksum does: `strict` (default) throws and stays there, `skip` counts it and goes on behind it. */
  readonly onCorrupt?: 'strict' | 'skip'
  /** What messages do that retention deleted unread: `strict` (default) throws `ERR_DATA_LOST` once per call, `snap` counts them and goes on with the earliest. */
  readonly onLost?: 'strict' | 'snap'
  /** How waiting is done. Default 'adaptive'. */
  readonly wait?: WaitStrategyName
}

export interface ReaderOptions extends SourceOptions {}

export interface ObserverOptions extends SourceOptions {}

export type ResolvedSourceOptions = Required<SourceOptions>

/** Checks options and fills in defaults. */
export function resolveSourceOptions(given: SourceOptions, defaultStart: Start): ResolvedSourceOptions {
  const options = {
    start: given.start ?? defaultStart,
    onCorrupt: given.onCorrupt ?? 'strict',
    onLost: given.onLost ?? 'strict',
    wait: given.wait ?? 'adaptive',
  } as const
  oneOf('onCorrupt', options.onCorrupt, ['strict', 'skip'])
  oneOf('onLost', options.onLost, ['strict', 'snap'])
  oneOf('wait', options.wait, WAIT_STRATEGIES)
  checkStart(options.start, ['resume', 'earliest', 'latest'])
  return options
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
    expected: 'a sequence or a bigint of nanoseconds, not negative',
  })
}

function isPlace(start: unknown): boolean {
  if (typeof start !== 'object' || start === null) return false
  if ('sequence' in start) return Number.isSafeInteger(start.sequence) && (start.sequence as number) >= 0
  return 'timestampNs' in start && typeof start.timestampNs === 'bigint' && start.timestampNs >= 0n
}
