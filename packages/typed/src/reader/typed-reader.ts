import type { QueueReader } from '@chronicle-ts/core'
import type { AnyMessageType } from '@chronicle-ts/schema'
import { commitBefore } from './commit-before.js'
import type { AnySelection } from './selection.js'
import { TypedSource } from './typed-source.js'

/** A named reader of typed messages. Opened by `openTypedReader`; `asTypedReader` makes one of a reader that is open. */
export class TypedReader<const Types extends readonly AnyMessageType[]> extends TypedSource<Types, QueueReader> {
  /** @internal Use `openTypedReader` or `asTypedReader`. */
  static ofReader<const Types extends readonly AnyMessageType[]>(
    queue: QueueReader,
    types: Types,
    selection: AnySelection,
  ): TypedReader<Types> {
    return new TypedReader(queue, types, selection)
  }

  /**
   * Saves the position: everything that was delivered or skipped counts as done. A message that could not be delivered is not covered, so that it is met again
   * after a restart. Options and errors are those of `commit` of the queue's reader.
   */
  commit(options?: { readonly durable?: boolean }): void {
    const { pending } = this
    if (pending === undefined) this.queue.commit(options)
    else commitBefore(this.queue, pending, options)
  }
}
