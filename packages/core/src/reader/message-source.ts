import { binding } from '@chronicle-ts/native'
import type { MappedControl } from '../control/mapped-control.js'
import { ITERATOR_TURN_COUNT, PLACE_TRIES } from '../defaults.js'
import { BadSegmentError, ClosedError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { type WriterStatus, writerStatus } from '../files/writer-status.js'
import type { Parkable } from '../wait/parkable.js'
import { waitForAny, waitForAnyAsync } from '../wait/wait-for-any.js'
import type { WaitOutcome } from '../wait/wait-strategy.js'
import { locateEarliest, locateLatest, locateSequence, locateTimestamp } from './locate.js'
import type { Message } from './message.js'
import type { Position } from './position-file.js'
import { checkStart, type ResolvedSourceOptions, type Start } from './reader-options.js'
import { type CursorCounts, RecordCursor } from './record-cursor.js'

/** How far a source is behind its writer. */
export interface Lag {
  /** Messages appended and not yet returned by `next()`; NaN when the writer of a base format queue does not tell. */
  readonly messages: number
  /** Bytes between this source's position and the head, slack at the ends of segments included. */
  readonly bytes: number
  /** Age of the next message, by its timestamp; 0n when caught up. */
  readonly ns: bigint
}

export interface SourceMetrics extends CursorCounts {
  /** Waits that ended with the time, and those that ended with a message. */
  readonly timeouts: number
  readonly waits: number
}

export interface WaitOptions {
  /** Milliseconds; for ever by default. */
  readonly timeoutMs?: number
}

export interface AsyncWaitOptions extends WaitOptions {
  readonly signal?: AbortSignal
}

/** What an open hands to its source. */
export interface OpenedSource {
  readonly directory: QueueDirectory
  readonly control: MappedControl
  readonly options: ResolvedSourceOptions
}

/** What readers and observers have in common: reading in order, waiting, seeking, telling how far behind they are. */
export abstract class MessageSource implements Parkable {
  readonly directory: string
  readonly #handle: string
  readonly #held: QueueDirectory
  readonly #options: ResolvedSourceOptions
  readonly #control: MappedControl
  readonly #cursor: RecordCursor
  #isClosed = false
  #waits = 0
  #timeouts = 0
  #lostBefore = 0

  /** The source takes the directory over, and closes it. */
  protected constructor(handle: string, opened: OpenedSource) {
    this.#handle = handle
    this.#held = opened.directory
    this.directory = opened.directory.path
    this.#control = opened.control
    this.#options = opened.options
    this.#cursor = new RecordCursor(opened.directory, opened.control, opened.options)
  }

  /**
   * Returns the next committed message, or `undefined` when the source has caught up. Never blocks.
   *
   * The message is a view: its payload is valid until the next `next()`, `poll()`, seek or `close()`; `copy()` keeps it.
   *
   * @throws {@link CorruptRecordError} `ERR_CORRUPT_RECORD`, {@link SequenceGapError} `ERR_SEQUENCE_GAP`, {@link DataLostError} `ERR_DATA_LOST`: the position
   * does not move, a second call throws again. {@link ClosedError} `ERR_CLOSED`.
   * @see docs/format.md#record. Publish-by-length follows Agrona's record descriptor; the plus one is ours.
   */
  next(): Message | undefined {
    const message = this.#cursor.next()
    if (message === undefined && this.#isClosed) throw this.closedError()
    return message
  }

  /** The message that {@link next} will return, without advancing. A view of its own: it does not disturb the last message. */
  peek(): Message | undefined {
    const message = this.#cursor.peek()
    if (message === undefined && this.#isClosed) throw this.closedError()
    return message
  }

  /** Hands up to `limit` messages to the handler, each a view as in {@link next}; returns how many. */
  poll(limit: number, handler: (message: Message) => void): number {
    let count = 0
    while (count < limit) {
      const message = this.next()
      if (message === undefined) break
      handler(message)
      count++
    }
    return count
  }

  /** Blocks the calling thread until a message is there or the time is over. For worker threads and loops of their own. */
  wait(options: WaitOptions = {}): WaitOutcome {
    this.assertOpen()
    return this.#counted(waitForAny([this], { ...options, strategy: this.#options.wait }))
  }

  /** {@link wait} that leaves the event loop turning. Rejects with the signal's reason when aborted, with `ERR_CLOSED` when the source is closed meanwhile. */
  async waitAsync(options: AsyncWaitOptions = {}): Promise<WaitOutcome> {
    this.assertOpen()
    return this.#counted(await waitForAnyAsync([this], { ...options, strategy: this.#options.wait }))
  }

  /**
   * All messages from here on, for ever: waits where there is none yet. Ends when the signal is aborted or the source is closed. Each message is a view as in {@link next}.
   */
  async *messages(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Message, void, void> {
    const { signal } = options
    for (let count = 1; !signal?.aborted && !this.#isClosed; ) {
      const message = this.next()
      if (message !== undefined) {
        yield message
        // A backlog must not keep timers and sockets of the process waiting.
        if (count++ % ITERATOR_TURN_COUNT === 0) await new Promise((resolve) => setImmediate(resolve))
        continue
      }
      try {
        await this.waitAsync(options)
      } catch (error) {
        if (signal?.aborted || this.#isClosed) return
        throw error
      }
    }
  }

  /** Position of the next message. */
  get position(): Position {
    return { segmentId: this.#cursor.segmentId, offset: this.#cursor.offset }
  }

  /** Sequence of the next message; -1 while it is not known. */
  get nextSequence(): number {
    return this.#cursor.nextSequence
  }

  /** Goes to the start described, within what still exists. @throws {@link InvalidArgumentError} for what is no start, and for 'resume'. */
  seek(start: Exclude<Start, 'resume'>): void {
    this.assertOpen()
    checkStart(start, ['earliest', 'latest'])
    this.placeAtStart(start)
  }

  /** Whether a writer has the queue open, and how that is known. */
  writerStatus(): WriterStatus {
    this.assertOpen()
    return writerStatus(this.#held, this.#control)
  }

  /** Epoch of the present writer: goes up by one whenever the queue is opened for writing. */
  get writerEpoch(): number {
    this.assertOpen()
    return this.#control.writerEpochAcquire()
  }

  /**
   * When the writer last appended, rolled or gave a sign of life, in nanoseconds of CLOCK_REALTIME; 0n before the first writer. Everything that it had appended until then
   * is visible to a look after this load, and what is not visible will be stamped with this time or a later one, unless its appender gives a time of its own.
   */
  get heartbeatNs(): bigint {
    this.assertOpen()
    return this.#control.writerHeartbeatNsAcquire()
  }

  /** All messages before this sequence survive a power cut; 0 while none is known to. */
  get durableSequence(): number {
    this.assertOpen()
    return this.#control.readDurableMark()?.sequence ?? 0
  }

  lag(): Lag {
    const next = this.peek()
    const head = this.#control.readHead() ?? { segmentId: this.#cursor.segmentId, offset: this.#cursor.offset }
    const { segmentId, offset } = this.position
    const bytes = Math.max(0, (head.segmentId - segmentId) * this.#control.segmentSize + head.offset - offset)
    if (next === undefined) return { messages: 0, bytes, ns: 0n }
    const age = binding.realtimeNs() - next.timestampNs
    const headSequence = this.#control.nextSequenceAcquire()
    return { messages: headSequence === undefined ? Number.NaN : headSequence - next.sequence, bytes, ns: age > 0n ? age : 0n }
  }

  metrics(): SourceMetrics {
    const counts = this.#cursor.counts
    return { ...counts, lost: counts.lost + this.#lostBefore, waits: this.#waits, timeouts: this.#timeouts }
  }

  get closed(): boolean {
    return this.#isClosed
  }

  /** Gives everything back. Idempotent; messages of this source become unreadable. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cursor.close()
    this.closing()
    this.#control.close()
    this.#held.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  // -- Parkable: for wait strategies ---------------------------------------------------------------------------------------------------

  /** Used by waits: whether `next()` has something to say, a message or an error. */
  get isReady(): boolean {
    if (this.#isClosed) throw this.closedError()
    return this.#cursor.hasNext()
  }

  /** Used by waits that spin. */
  get isCommitted(): boolean {
    return this.#cursor.isCommitted
  }

  /** Used by waits. */
  get control(): MappedControl {
    return this.#control
  }

  // -- for readers and observers -------------------------------------------------------------------------------------------------------

  /** Places the cursor; false when the segment is gone. */
  protected place(position: Position): boolean {
    return this.#cursor.seek(position)
  }

  /** Goes to a start and says where that is. Retention may delete the segment between locating and opening it: locating again finds what is there now. */
  protected placeAtStart(start: Exclude<Start, 'resume'>): Position {
    for (let tries = 0; tries < PLACE_TRIES; tries++) {
      const position = this.#locate(start)
      if (this.place(position)) return position
    }
    throw new BadSegmentError({ path: this.directory, detail: 'no segment can be opened' })
  }

  /** Counts messages that were deleted before the open. */
  protected countLost(count: number): void {
    this.#lostBefore += count
  }

  #locate(start: Exclude<Start, 'resume'>): Position {
    const searched = { directory: this.#held, control: this.#control }
    if (start === 'earliest') return locateEarliest(searched)
    if (start === 'latest') return locateLatest(searched)
    return 'sequence' in start ? locateSequence(searched, start.sequence) : locateTimestamp(searched, start.timestampNs)
  }

  protected get cursorSegmentId(): number {
    return this.#cursor.segmentId
  }

  protected get cursorOffset(): number {
    return this.#cursor.offset
  }

  /** Gives back what the cursor has mapped, when the open fails behind it. */
  protected abandon(): void {
    this.#cursor.close()
  }

  /** Closes what the subclass holds. The control block is still mapped. */
  protected abstract closing(): void

  protected assertOpen(): void {
    if (this.#isClosed) throw this.closedError()
  }

  protected closedError(): ClosedError {
    return new ClosedError({ handle: this.#handle, directory: this.directory })
  }

  #counted(outcome: WaitOutcome): WaitOutcome {
    this.#waits++
    if (outcome === 'timeout') this.#timeouts++
    return outcome
  }
}
