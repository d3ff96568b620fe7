import { InvalidArgumentError } from '../errors/index.js'
import { checkOptions, checkSignal, type OptionNames } from '../files/option-names.js'
import type { AsyncAppendOptions } from './append-options.js'
import { type RecordDetails, readDetails } from './record-details.js'

export interface ResolvedAsyncOptions {
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
  readonly details: RecordDetails | undefined
}

const NAMES: OptionNames<AsyncAppendOptions> = {
  signal: true,
  timeoutMs: true,
  timestampNs: true,
  schemaVersion: true,
  trace: true,
  source: true,
}

/** Reads each option once. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` naming the option. */
export function readAsyncOptions(
  options: AsyncAppendOptions,
  { defaultTimeoutMs, extensions }: { defaultTimeoutMs: number; extensions: boolean },
): ResolvedAsyncOptions {
  checkOptions(options, NAMES)
  const read = { ...options }
  const { signal, timeoutMs = defaultTimeoutMs } = read
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))
    throw new InvalidArgumentError({
      argument: 'timeoutMs',
      value: timeoutMs,
      expected: 'a number of milliseconds, not negative',
    })
  checkSignal(signal)
  return { signal, timeoutMs, details: readDetails(read, extensions) }
}
