import { InvalidArgumentError } from '../errors/index.js'
import type { AsyncAppendOptions } from './queue-writer.js'

export interface ResolvedAsyncOptions {
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
  readonly timestampNs: bigint | undefined
}

/** Reads each option once. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` naming the option. */
export function readAsyncOptions(options: AsyncAppendOptions, defaultTimeoutMs: number): ResolvedAsyncOptions {
  const { signal, timeoutMs = defaultTimeoutMs, timestampNs } = options
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))
    throw new InvalidArgumentError({
      argument: 'timeoutMs',
      value: timeoutMs,
      expected: 'a number of milliseconds, not negative',
    })
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw new InvalidArgumentError({ argument: 'signal', value: signal, expected: 'an AbortSignal' })
  return { signal, timeoutMs, timestampNs }
}
