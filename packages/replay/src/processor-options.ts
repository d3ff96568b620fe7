import { type DirectoryPath, InvalidArgumentError, type MessageSource, QueueWriter } from '@chronicle-ts/core'
import { checkOptions, type OptionNames } from '@chronicle-ts/core/internal'
import type { FanInOptions } from '@chronicle-ts/fanin'

/**
 * An input of a processor: the directory of a queue, which is read without registering anything, or a reader or observer of the caller's. A reader pins what was not processed durably; the
 * processor commits it.
 */
export type ProcessorInput = DirectoryPath | MessageSource

export interface ProcessorOptions {
  /** Inputs by name. The names are recorded in the output, and must stay the same from run to run. */
  readonly inputs: Readonly<Record<string, ProcessorInput>>
  /** Writer of the output. It stays the caller's to close, and nothing else may append to it meanwhile. */
  readonly output: QueueWriter
  /**
   * How several inputs are merged. Default: `ordered` with an unlimited `holdBackMs`, so that the order follows from the data alone. An eager merge depends on what was visible when: after a restart,
   * inputs of different queues may come in another order.
   */
  readonly merge?: Pick<FanInOptions, 'mode' | 'allowedLatenessNs' | 'holdBackMs'>
}

const MERGE_NAMES: OptionNames<NonNullable<ProcessorOptions['merge']>> = {
  mode: true,
  allowedLatenessNs: true,
  holdBackMs: true,
}

/** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` that names the option. */
export function checkProcessorOptions(options: ProcessorOptions): void {
  checkOptions(options, { inputs: true, output: true, merge: true })
  if (options.merge !== undefined) checkOptions(options.merge, MERGE_NAMES, 'merge')
  const { inputs, output } = options
  const isGiven = typeof inputs === 'object' && inputs !== null && Object.keys(inputs).length > 0
  if (!isGiven) throw new InvalidArgumentError({ argument: 'inputs', value: inputs, expected: 'an object of inputs by name' })
  if (output instanceof QueueWriter) return
  throw new InvalidArgumentError({ argument: 'output', value: output, expected: 'a writer' })
}
