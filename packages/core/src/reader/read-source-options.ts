import { BATCH_COUNT_MAX } from '../defaults.js'
import { InvalidArgumentError } from '../errors/index.js'
import { checkOptions, checkSignal, type OptionNames } from '../files/option-names.js'
import { checkTimeout } from '../wait/wait-for-any.js'
import type { FollowOptions } from './follow.js'
import { PLACE } from './reader-options.js'
import type { AsyncWaitOptions, BatchOptions, IteratorOptions, WaitOptions } from './source-types.js'

/** Reads the options of the methods of a source: each once, its names and values checked. All throw `InvalidArgumentError` `ERR_INVALID_ARGUMENT`. */

const WAIT_NAMES: OptionNames<WaitOptions> = { timeoutMs: true }
const ASYNC_WAIT_NAMES: OptionNames<AsyncWaitOptions> = { timeoutMs: true, signal: true }
const ITERATOR_NAMES: OptionNames<IteratorOptions> = { signal: true }
const FOLLOW_NAMES: OptionNames<FollowOptions> = { signal: true, from: PLACE }
const BATCH_NAMES: OptionNames<BatchOptions> = { signal: true, max: true }

export function readTimeout(options: WaitOptions): number | undefined {
  checkOptions(options, WAIT_NAMES)
  const { timeoutMs } = options
  checkTimeout(timeoutMs)
  return timeoutMs
}

export function readAsyncWait(options: AsyncWaitOptions): AsyncWaitOptions {
  checkOptions(options, ASYNC_WAIT_NAMES)
  const { timeoutMs, signal } = options
  checkTimeout(timeoutMs)
  checkSignal(signal)
  return { timeoutMs, signal }
}

/** Returns the signal of an iterator. */
export function readIteratorOptions<Options extends IteratorOptions>(
  options: Options,
  names: OptionNames<Options>,
): AbortSignal | undefined {
  checkOptions(options, names)
  const { signal } = options
  checkSignal(signal)
  return signal
}

export function readIterator(options: IteratorOptions): AbortSignal | undefined {
  return readIteratorOptions(options, ITERATOR_NAMES)
}

export function readFollow(options: FollowOptions): AbortSignal | undefined {
  return readIteratorOptions(options, FOLLOW_NAMES)
}

export function readBatch(options: BatchOptions): { readonly signal: AbortSignal | undefined; readonly max: number } {
  const signal = readIteratorOptions(options, BATCH_NAMES)
  const { max = BATCH_COUNT_MAX } = options
  if (!Number.isSafeInteger(max) || max < 1)
    throw new InvalidArgumentError({ argument: 'max', value: max, expected: 'an integer from 1 on' })
  return { signal, max }
}
