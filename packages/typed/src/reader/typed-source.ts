import type { Message, MessageSource, Place, QueueObserver } from '@chronicle-ts/core'
import { checkOptions, checkSignal } from '@chronicle-ts/core/internal'
import type { AnyMessageType } from '@chronicle-ts/schema'
import { SKIPPED_PER_TURN } from '../defaults.js'
import { checkTypesAgainstRegistry } from '../registry/register-types.js'
import { MessageSelector, newReadEntry, type SkipCounts } from './message-selector.js'
import type { AnySelection } from './selection.js'
import { SKIPPING, TypedIterator } from './typed-iterator.js'
import type { ReadEntry, TypedMessage } from './typed-message.js'

/**
 * Reads typed messages from a reader or an observer of a queue. Types that are not asked for are skipped and counted, and a commit covers them.
 *
 * Invariant: a message that could not be delivered, because its bytes are not one of its type or a predicate threw, is pending. The next read begins with it, and
 * a commit ends before it, unless the source was moved since.
 */
export class TypedSource<const Types extends readonly AnyMessageType[], Source extends MessageSource = MessageSource>
  implements Disposable
{
  /** The queue's own reader or observer. What it reads itself, this source does not see. */
  readonly queue: Source
  readonly #selector: MessageSelector
  #pending: Message | undefined
  /** Sequence of the pending message, as the message itself moves when the program reads the queue; -1 while it is judged. */
  #pendingSequence = -1

  /** @internal Use `openTypedObserver` or `asTypedObserver`. */
  static ofObserver<const Types extends readonly AnyMessageType[]>(
    queue: QueueObserver,
    types: Types,
    selection: AnySelection,
  ): TypedSource<Types, QueueObserver> {
    return new TypedSource(queue, types, selection)
  }

  protected constructor(queue: Source, types: Types, selection: AnySelection) {
    this.#selector = new MessageSelector(types, selection, newReadEntry)
    checkTypesAgainstRegistry(queue.directory, types)
    this.queue = queue
  }

  /**
   * Returns the next message of one of the types, or `undefined` when the source has caught up. Never blocks. It skips everything else, however much that is;
   * {@link messages} leaves the event loop turning meanwhile.
   *
   * @throws `ERR_BAD_MESSAGE`, and what `where` throws: the position does not move, a second call meets the message again; what `next` of the queue throws.
   */
  next(): TypedMessage<Types> | undefined {
    // The usual case alone. The engine compiles so much into the loop of a program and no more, and the fields that it reads shall be in.
    if (this.#selector.isPlain && this.#pending === undefined) {
      const message = this.queue.next()
      if (message === undefined) return undefined
      const entry = this.#selector.find(message.typeId)
      if (entry.reader !== undefined) return this.#moveTo(message, entry)
      entry.skipped++
    }
    return this.#nextChosen()
  }

  /**
   * Yields all messages from the position on, without an end: waits when it has caught up. Ends when the signal aborts, when the source is closed and at `return()`
   * (a `break` in the loop), at once also while it waits.
   */
  messages(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<TypedMessage<Types>, undefined, void> {
    checkOptions(options, { signal: true })
    checkSignal(options.signal)
    const { queue } = this
    const awaited = { isClosed: () => queue.closed, waitAsync: (ends: { readonly signal: AbortSignal }) => queue.waitAsync(ends) }
    return new TypedIterator<TypedMessage<Types>>(awaited, () => this.#take(), options.signal)
  }

  /** Moves to a place: the next read begins there, also when a message could not be delivered before. Places and errors are those of `seek` of the queue. */
  seek(place: Place): void {
    if (this.#selector.isJudging) throw this.#selector.busy('typed reader', 'seek')
    this.queue.seek(place)
    this.#pending = undefined
  }

  /** Counts of messages that were skipped so far. */
  get skipped(): SkipCounts {
    return this.#selector.skipped
  }

  get closed(): boolean {
    return this.queue.closed
  }

  /** Closes the queue's reader. Commits nothing. Idempotent. */
  close(): void {
    this.queue.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** The message that a read will begin with, although the queue's reader has passed it. */
  protected get pending(): Message | undefined {
    if (this.#pending !== undefined) this.#forgetIfMoved()
    return this.#pending
  }

  /** A predicate may have closed the queue: then the message says nothing any more, and no read will begin with it. */
  #keepPending(message: Message): void {
    if (this.queue.closed) return
    this.#pending = message
    this.#pendingSequence = message.sequence
  }

  /** A program that moved the queue itself wants what is there. One that read on and went back has moved the message only. */
  #forgetIfMoved(): void {
    const sequence = this.#pendingSequence
    if (sequence < 0) return
    if (this.queue.nextSequence !== sequence + 1 || this.#pending?.sequence !== sequence) this.#pending = undefined
  }

  /** Delivers a message of a reader that takes all of its type. */
  #moveTo(message: Message, entry: ReadEntry): TypedMessage<Types> {
    try {
      entry.moveTo(message)
    } catch (error) {
      this.#keepPending(message)
      throw error
    }
    return entry as unknown as TypedMessage<Types>
  }

  #nextChosen(): TypedMessage<Types> | undefined {
    for (;;) {
      const taken = this.#take()
      if (taken !== SKIPPING) return taken
    }
  }

  /** Skips at most {@link SKIPPED_PER_TURN} messages. */
  #take(): TypedMessage<Types> | typeof SKIPPING | undefined {
    const selector = this.#selector
    if (selector.isJudging) throw selector.busy('typed reader', 'next')
    if (this.#pending !== undefined) this.#forgetIfMoved()
    for (let looked = 0; looked < SKIPPED_PER_TURN; looked++) {
      const message = this.#pending ?? this.queue.next()
      if (message === undefined) return undefined
      const entry = selector.find(message.typeId)
      if (entry.reader === undefined) {
        entry.skipped++
        continue
      }
      // A predicate may commit, which must not cover the message that it judges.
      if (!selector.takesAll) this.#pending = message
      let isSelected = false
      try {
        isSelected = selector.isSelected(entry, message)
      } catch (error) {
        this.#keepPending(message)
        throw error
      }
      if (this.#pending !== undefined) {
        this.#pending = undefined
        this.#pendingSequence = -1
      }
      if (isSelected) return entry as unknown as TypedMessage<Types>
    }
    return SKIPPING
  }
}
