import type { Located } from './locate-start.js'
import { Message } from './message.js'
import type { Place } from './reader-options.js'
import type { RecordCursor } from './record-cursor.js'
import type { IteratorOptions } from './source-types.js'

export interface FollowOptions extends IteratorOptions {
  /** Where the history begins. Default: at the present position of the source, which for a reader is its saved one. */
  readonly from?: Place
}

/** A message of the history (`live` is false) or one that was appended after it. The object and its message are reused by the next turn. */
export interface FollowedMessage {
  readonly kind: 'message'
  readonly message: Message
  readonly live: boolean
}

/** The history is delivered: every message below `sequence` that exists was delivered, or skipped as the options of the source say. */
export interface CaughtUp {
  readonly kind: 'caught-up'
  /** Sequence of the next message. */
  readonly sequence: number
}

export type FollowItem = FollowedMessage | CaughtUp

/**
 * History, `caught-up` once, then what follows. The end of the history is the place after the last message that was there when following began. A place and not a sequence,
 * because queues of the base format do not say how many messages they hold, and because skipped damage leaves gaps.
 *
 * A writer cannot outrun it: the end does not move.
 */
export class Followed {
  /** Moves with each turn. */
  readonly message = new Message()
  readonly #cursor: RecordCursor
  readonly #end: Located
  readonly #history: FollowItem = { kind: 'message', message: this.message, live: false }
  readonly #afterwards: FollowItem = { kind: 'message', message: this.message, live: true }
  #isLive = false

  constructor(cursor: RecordCursor, end: Located) {
    this.#cursor = cursor
    this.#end = end
  }

  /** The next item; `undefined` when nothing follows yet. */
  take(): FollowItem | undefined {
    if (!this.#isLive) return this.#takeHistory()
    return this.#cursor.take(this.message) === undefined ? undefined : this.#afterwards
  }

  /** A source that can read nothing more has caught up, too: it may stand before a segment that has no records. */
  #takeHistory(): FollowItem {
    if (!this.#isAtEnd && this.#cursor.take(this.message) !== undefined) return this.#history
    this.#isLive = true
    const { nextSequence } = this.#cursor
    return { kind: 'caught-up', sequence: nextSequence < 0 ? (this.#end.nextSequence ?? 0) : nextSequence }
  }

  get #isAtEnd(): boolean {
    const { segmentId, offset } = this.#end.position
    const cursor = this.#cursor
    return cursor.segmentId > segmentId || (cursor.segmentId === segmentId && cursor.offset >= offset)
  }
}
