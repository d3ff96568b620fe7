import { InvalidArgumentError } from '../errors/index.js'
import { checkOptionNames } from '../files/option-names.js'
import type { AsyncAppendOptions } from './append-options.js'
import { type RecordDetails, readDetails } from './record-details.js'

export interface ResolvedAsyncOptions {
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
  readonly details: RecordDetails | undefined
}

/** Reads each option once. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` naming the option. */
export function readAsyncOptions(
  options: AsyncAppendOptions,
  { defaultTimeoutMs, extensions }: { defaultTimeoutMs: number; extensions: boolean },
): ResolvedAsyncOptions {
  if (typeof options !== 'object' || options === null)
    throw new InvalidArgumentError({ argument: 'options', value: options, expected: 'an object' })
  const read = { ...options }
  checkOptionNames(read, ['signal', 'timeoutMs', 'timestampNs', 'schemaVersion', 'trace', 'source'])
  const { signal, timeoutMs = defaultTimeoutMs } = read
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))
    throw new InvalidArgumentError({
      argument: 'timeoutMs',
      value: timeoutMs,
      expected: 'a number of milliseconds, not negative',
    })
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw new InvalidArgumentError({ argument: 'signal', value: signal, expected: 'an AbortSignal' })
  return { signal, timeoutMs, details: readDetails(read, extensions) }
}
