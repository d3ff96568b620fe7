import { checkObject } from '@chronicle-ts/core/internal'
import type { AnyMessageType } from '@chronicle-ts/schema'
import { MemoryQueue, type MemoryQueueOptions } from './memory-queue.js'
import { TypedMemoryQueue, type TypedMemoryQueueOptions } from './typed-memory-queue.js'

/**
 * Makes a queue for a test: real code on a file system in memory, with a writer that is open. Disposing it closes everything and deletes the files.
 *
 * With `types` it is a queue of typed messages. Each worker thread and process opens its own handles on `queue.directory`: handles cannot be sent.
 *
 * @example
 * ```ts
 * using queue = memoryQueue()
 * queue.writer.append(1, Buffer.from('hello'))
 * console.log(queue.drain().map((message) => message.payload.toString()))
 *
 * using quotes = memoryQueue({ types: [Quote] })
 * quotes.writer.write(Quote, (quote) => { quote.bid = 1 })
 * console.log(quotes.drain()[0]?.body.bid)
 * ```
 */
export function memoryQueue<const Types extends readonly AnyMessageType[]>(
  options: TypedMemoryQueueOptions<Types>,
): TypedMemoryQueue<Types>
export function memoryQueue(options?: MemoryQueueOptions): MemoryQueue
export function memoryQueue(
  options: MemoryQueueOptions | TypedMemoryQueueOptions<readonly AnyMessageType[]> = {},
): MemoryQueue | TypedMemoryQueue<readonly AnyMessageType[]> {
  checkObject(options)
  return 'types' in options ? new TypedMemoryQueue(options) : new MemoryQueue(options)
}
