import { type DirectoryPath, InvalidArgumentError, openWriter, type QueueWriter, type WriterOptions } from '@chronicle-ts/core'
import { checkFlag, checkOptions } from '@chronicle-ts/core/internal'
import type { AnyMessageType } from '@chronicle-ts/schema'
import { checkTypes } from '../check-types.js'
import { TypedWriter } from './typed-writer.js'

/**
 * Opens a queue for writing messages of these types, and makes it if it is missing. Each type is put into the queue's registry, synced, before the first message. The registry
 * is for tools, and a registry that is missing, damaged or cannot be written keeps no writer from opening.
 *
 * @param options those of `openWriter`
 * @throws `ERR_SCHEMA_INCOMPATIBLE` when the queue holds another definition of a type, with every difference; what `openWriter` throws. Nothing was appended, and
 * the queue is closed again.
 * @example
 * ```ts
 * using writer = openTypedWriter('/var/lib/feed/quotes', [Quote, Depth])
 * writer.write(Quote, (q) => { q.bid = 60123.5; q.side = 'buy'; q.price.set('60123.5') })
 * writer.write(Depth, { bids: 20, note: 40 }, (d) => { d.bids.at(0).price = 1; d.note = 'opening auction' })
 * ```
 */
export function openTypedWriter<const Types extends readonly AnyMessageType[]>(
  directory: DirectoryPath,
  types: Types,
  options: WriterOptions = {},
): TypedWriter<Types> {
  checkTypes(types)
  const queue = openWriter(directory, options)
  try {
    return TypedWriter.of(queue, types, { extensions: options.extensions !== false })
  } catch (error) {
    queue.close()
    throw error
  }
}

/**
 * Writes typed messages with a writer that is open already, such as that of a strategy's endpoints. Closing either closes both.
 *
 * @param options.extensions false when the queue's writer was opened with `extensions: false`
 * @throws `ERR_SCHEMA_INCOMPATIBLE`; the queue's writer stays open.
 */
export function asTypedWriter<const Types extends readonly AnyMessageType[]>(
  queue: QueueWriter,
  types: Types,
  options: { readonly extensions?: boolean } = {},
): TypedWriter<Types> {
  if (!(Object(queue) === queue && 'claim' in queue))
    throw new InvalidArgumentError({ argument: 'queue', value: queue, expected: 'a writer' })
  checkOptions(options, { extensions: true })
  checkFlag('extensions', options.extensions)
  return TypedWriter.of(queue, types, { extensions: options.extensions !== false })
}
