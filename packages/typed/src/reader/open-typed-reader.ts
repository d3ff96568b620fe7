import {
  type AsyncOpenOptions,
  type DirectoryPath,
  type ObserverOptions,
  openObserver,
  openReader,
  openReaderAsync,
  type QueueObserver,
  type QueueReader,
  type ReaderOptions,
} from '@chronicle-ts/core'
import { checkOptions, checkSource } from '@chronicle-ts/core/internal'
import type { AnyMessageType } from '@chronicle-ts/schema'
import { checkTypes } from '../check-types.js'
import { checkSelection, SELECTION_OPTIONS, type Selection, splitOptions } from './selection.js'
import { TypedReader } from './typed-reader.js'
import { TypedSource } from './typed-source.js'

export type TypedReaderOptions<Types extends readonly AnyMessageType[]> = ReaderOptions & Selection<Types>

export type TypedObserverOptions<Types extends readonly AnyMessageType[]> = ObserverOptions & Selection<Types>

/**
 * Opens a queue for reading messages of these types under a name. Positions, restarts and errors are those of `openReader`.
 *
 * @param options those of `openReader`, and which messages are delivered: `where`, `key`, `onBadMessage`
 * @throws `ERR_SCHEMA_INCOMPATIBLE` when the queue's registry holds another definition of a type, or one in an unknown encoding; what `openReader` throws
 * @example
 * ```ts
 * using reader = openTypedReader('/var/lib/feed/quotes', 'strategy', [Quote, Depth])
 * for await (const m of reader.messages()) {
 *   if (m.type === 'Quote') use(m.body.bid, m.body.venue) // venue: number | undefined
 *   else use(m.body.bids.at(0).price, m.body.weights)
 *   reader.commit()
 * }
 * ```
 */
export function openTypedReader<const Types extends readonly AnyMessageType[]>(
  directory: DirectoryPath,
  name: string,
  types: Types,
  options: TypedReaderOptions<Types> = {},
): TypedReader<Types> {
  const { selection, others } = checked(types, options)
  return typedOrClosed(openReader(directory, name, others), (queue) => TypedReader.ofReader(queue, types, selection))
}

/** {@link openTypedReader} whose wait for the queue (`waitForQueueMs`) leaves the event loop turning. */
export async function openTypedReaderAsync<const Types extends readonly AnyMessageType[]>(
  directory: DirectoryPath,
  name: string,
  types: Types,
  options: TypedReaderOptions<Types> & AsyncOpenOptions = {},
): Promise<TypedReader<Types>> {
  const { selection, others } = checked(types, options)
  const queue = await openReaderAsync(directory, name, others)
  return typedOrClosed(queue, () => TypedReader.ofReader(queue, types, selection))
}

/** Opens a queue for looking at messages of these types: nothing is registered, written or pinned. */
export function openTypedObserver<const Types extends readonly AnyMessageType[]>(
  directory: DirectoryPath,
  types: Types,
  options: TypedObserverOptions<Types> = {},
): TypedSource<Types, QueueObserver> {
  const { selection, others } = checked(types, options)
  return typedOrClosed(openObserver(directory, others), (queue) => TypedSource.ofObserver(queue, types, selection))
}

/** Reads typed messages with a reader that is open already. Closing either closes both. @throws as {@link openTypedReader}; the queue's reader stays open. */
export function asTypedReader<const Types extends readonly AnyMessageType[]>(
  queue: QueueReader,
  types: Types,
  selection: Selection<Types> = {},
): TypedReader<Types> {
  checkSource('queue', queue)
  checkOptions(selection, SELECTION_OPTIONS)
  return TypedReader.ofReader(queue, types, selection)
}

/** Reads typed messages with an observer that is open already. Closing either closes both. @throws as {@link openTypedObserver}; the queue's observer stays open. */
export function asTypedObserver<const Types extends readonly AnyMessageType[]>(
  queue: QueueObserver,
  types: Types,
  selection: Selection<Types> = {},
): TypedSource<Types, QueueObserver> {
  checkSource('queue', queue)
  checkOptions(selection, SELECTION_OPTIONS)
  return TypedSource.ofObserver(queue, types, selection)
}

function checked<Options extends Selection<readonly AnyMessageType[]>>(types: readonly AnyMessageType[], options: Options) {
  checkTypes(types)
  const split = splitOptions(options)
  checkSelection(split.selection, types)
  return split
}

function typedOrClosed<Queue extends Disposable & { close(): void }, Typed>(queue: Queue, make: (queue: Queue) => Typed): Typed {
  try {
    return make(queue)
  } catch (error) {
    queue.close()
    throw error
  }
}
