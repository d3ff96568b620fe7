import { InvalidArgumentError, type ReaderOptions } from '@chronicle-ts/core'
import { checkOptions, checkReaderOptions, checkSignal, type OptionNames } from '@chronicle-ts/core/internal'
import type { FanInOptions } from '@chronicle-ts/fanin'
import type { AnyMessageType, MessageKey } from '@chronicle-ts/schema'
import { type AnySelection, checkTypes, type Selection } from '@chronicle-ts/typed'
import type { FailedSource } from './source-failures.js'
import { checkName, type Topic } from './topic.js'

/** Which messages of a topic are delivered, under which name, and in which order. */
export interface SubscribeOptions<Types extends readonly AnyMessageType[]> {
  /** Name under which the positions are kept. One subscription at a time may use it. */
  readonly name: string
  /** The types that are delivered; all types of the topic by default. */
  readonly types?: Types
  /** Delivers the messages for which it returns a truthy value; synchronous. What it throws is thrown by the read, and the position stays. */
  readonly where?: Selection<Types>['where']
  /** Delivers messages whose key field holds one of these. Every wanted type must declare a key. */
  readonly key?: ReadonlySet<MessageKey<Types[number]>>
  /**
   * What happens with a message whose bytes are not one of its type. `'strict'` (default) throws, or sets the queue aside when the topic has many; `'skip'` counts it and
   * reports the first of each queue.
   */
  readonly onBadMessage?: 'strict' | 'skip'
  /** Reads one strategy or feed of a topic of every one. */
  readonly source?: string
  /** `'eager'` (default) delivers what is visible; `'ordered'` makes the order a function of the data. */
  readonly mode?: FanInOptions['mode']
  readonly allowedLatenessNs?: FanInOptions['allowedLatenessNs']
  readonly holdBackMs?: FanInOptions['holdBackMs']
  /** `'manual'` (default) leaves saving to `commit()`; `'each'` saves when the next message is asked for. */
  readonly commit?: 'manual' | 'each'
  /** How queues are opened; as for `openReader`. */
  readonly reader?: ReaderOptions
  /** Ends the loop over the subscription. */
  readonly signal?: AbortSignal
  /** Called for each queue that cannot be read, or holds a bad message that is skipped: once per reason. */
  readonly onProblem?: (problem: FailedSource) => void
  /** Called when a queue of many is no longer read: it went, was replaced, or is set aside. */
  readonly onDetached?: (key: string) => void
}

const NAMES: OptionNames<SubscribeOptions<readonly AnyMessageType[]>> = {
  name: true,
  types: true,
  where: true,
  key: true,
  onBadMessage: true,
  source: true,
  mode: true,
  allowedLatenessNs: true,
  holdBackMs: true,
  commit: true,
  reader: true,
  signal: true,
  onProblem: true,
  onDetached: true,
}

/** {@link SubscribeOptions} with the defaults filled in. */
export interface ResolvedSubscribeOptions {
  readonly name: string
  readonly types: readonly AnyMessageType[]
  readonly selection: AnySelection
  readonly source: string | undefined
  readonly fanIn: FanInOptions
  readonly commit: 'manual' | 'each'
  readonly reader: ReaderOptions
  readonly signal: AbortSignal | undefined
  readonly onProblem: ((problem: FailedSource) => void) | undefined
  readonly onDetached: ((key: string) => void) | undefined
}

/** @throws `ERR_INVALID_ARGUMENT`, also for types that the topic does not have */
export function resolveSubscribeOptions(
  topic: Topic,
  options: SubscribeOptions<readonly AnyMessageType[]>,
): ResolvedSubscribeOptions {
  checkOptions(options, NAMES)
  const {
    name,
    types = topic.types,
    where,
    key,
    onBadMessage,
    source,
    commit = 'manual',
    reader = {},
    signal,
    onProblem,
    onDetached,
  } = options
  const { mode, allowedLatenessNs, holdBackMs } = options
  checkSignal(signal)
  checkName('name', name)
  checkTypes(types)
  checkReaderOptions('reader', reader)
  checkCallback('onProblem', onProblem)
  checkCallback('onDetached', onDetached)
  const foreign = types.find((type) => !topic.types.includes(type))
  if (foreign !== undefined)
    throw new InvalidArgumentError({ argument: 'types', value: foreign.name, expected: 'types of the topic' })
  if (commit !== 'manual' && commit !== 'each')
    throw new InvalidArgumentError({ argument: 'commit', value: commit, expected: 'manual or each' })
  const fanIn = {
    ...(mode !== undefined && { mode }),
    ...(allowedLatenessNs !== undefined && { allowedLatenessNs }),
    ...(holdBackMs !== undefined && { holdBackMs }),
  }
  return { name, types, selection: { where, key, onBadMessage }, source, fanIn, commit, reader, signal, onProblem, onDetached }
}

function checkCallback(argument: string, callback: unknown): void {
  if (callback !== undefined && typeof callback !== 'function')
    throw new InvalidArgumentError({ argument, value: callback, expected: 'a function' })
}
