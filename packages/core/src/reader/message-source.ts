import type { MappedControl } from '../control/mapped-control.js'
import { type WriterStatus, writerStatus } from '../control/writer-status.js'
import { BLOCK_BYTES_MAX, ITERATOR_TURN_COUNT } from '../defaults.js'
import { publish } from '../diagnostics.js'
import { ClosedError, type DataLostError, type InvalidArgumentError, type QueueReplacedError } from '../errors/index.js'
import type { OwnedFile } from '../files/owned-file.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import type { Position } from '../positions/position-file.js'
import type { Parkable, SeenWord } from '../wait/parkable.js'
import { SpinHistory } from '../wait/spin-history.js'
import { waitBlocking, waitInterruptibly, whenReady } from '../wait/wait-for-any.js'
import type { WaitOutcome } from '../wait/wait-strategy.js'
import type { Block } from './block.js'
import { type IterationTurns, withTurns } from './commit-every.js'
import { CursorPlacement } from './cursor-placement.js'
import { Followed, type FollowItem, type FollowOptions } from './follow.js'
import { lagOf, peekOrUnreadable } from './lag.js'
import { locateStart } from './locate-start.js'
import { Message } from './message.js'
import type { MessageCopy } from './message-copy.js'
import { type LoopKind, OpenLoops } from './open-loops.js'
import type { QueueLooks } from './ownership.js'
import { OwnershipWatch } from './ownership-watch.js'
import { lookAfterWhileParked } from './parked-sources.js'
import { checkFromOne, checkPoll, checkPolled, type Synchronous } from './poll-handler.js'
import type { CursorQueue } from './queue-segments.js'
import { readAsyncWait, readBatch, readFollow, readIterator, readTimeout } from './read-source-options.js'
import { checkStart, type Place, type ResolvedSourceOptions } from './reader-options.js'
import { RecordCursor } from './record-cursor.js'
import { type IteratedSource, SourceIterator } from './source-iterator.js'
import type { AsyncWaitOptions, BatchOptions, IteratorOptions, Lag, SourceMetrics, WaitOptions } from './source-types.js'
import { takeBatch } from './take-batch.js'

/** Of an iterator over a source that is closed, which is over before its first turn. */
const noItem = (): FollowItem | undefined => undefined

/** What readers and observers have in common: reading in order, waiting, seeking, lag. */
export abstract class MessageSource implements Parkable {
  readonly directory: string
  readonly #handle: string
  readonly #held: QueueDirectory
  readonly #options: ResolvedSourceOptions
  readonly #control: MappedControl
  readonly #cursor: RecordCursor
  readonly #placement: CursorPlacement
  readonly #watch: OwnershipWatch
  readonly #wakers = new Set<() => void>()
  readonly #loops: OpenLoops
  /** @internal */
  readonly spins = new SpinHistory()
  readonly #alone: readonly Parkable[] = [this]
  /** The message of the last iterator that ended: readable until the next one ends, or the source is closed. */
  #lastIterated: Message | undefined
  #isClosed = false
  #waits = 0
  #timeouts = 0
  #lostBefore = 0

  /** @internal The source takes the directory over, and closes it. */
  protected constructor(handle: string, opened: CursorQueue) {
    this.#handle = handle
    this.#loops = new OpenLoops(handle)
    this.#held = opened.directory
    this.directory = opened.directory.path
    this.#control = opened.control
    this.#options = opened.options
    this.#watch = new OwnershipWatch(opened.directory, opened.control)
    const unread = (): number | undefined => this.#countUnread()
    this.#cursor = new RecordCursor(opened, {
      assertInPlace: () => this.#watch.assertInPlace(unread),
      assertOwnSegments: () => this.#watch.assertOwnSegments(unread),
    })
    this.#placement = new CursorPlacement(this.#cursor, opened)
  }

  /**
   * Returns the next committed message, or `undefined` when the source has caught up. Never blocks.
   *
   * The message is a flyweight that moves with the next `next()`, `poll()` or seek; `copy()` keeps it. Its `payload` is an owned copy, safe for every use; see {@link Message} for
   * `payloadView` and `view`, which do not copy.
   *
   * @throws `CorruptRecordError` `ERR_CORRUPT_RECORD`, `SequenceGapError` `ERR_SEQUENCE_GAP`, {@link DataLostError} `ERR_DATA_LOST`: the position
   * does not move, a second call throws again. {@link QueueReplacedError} `ERR_QUEUE_REPLACED`: after all messages of the old queue were delivered, at most one
   * second after the path names another queue. {@link ClosedError} `ERR_CLOSED`.
   * @see docs/format.md#record. Publish-by-length follows Agrona's record descriptor; the plus one is ours.
   */
  next(): Message | undefined {
    const message = this.#cursor.next()
    if (message === undefined) this.#caughtUp()
    return message
  }

  /** The message that {@link next} will return, without advancing. A view of its own: it does not disturb the last message. @throws as {@link next}. */
  peek(): Message | undefined {
    return this.#orCaughtUp(this.#cursor.peek())
  }

  /**
   * Hands up to `limit` messages to the handler, each a flyweight as in {@link next}; returns how many.
   *
   * The handler must be synchronous: the message moves when it returns. For asynchronous work use {@link messages}, or {@link batches} for concurrent work.
   *
   * @throws {@link InvalidArgumentError} before anything is read, or when the handler returned a promise or a generator: the message that it got counts as read. What the handler throws; the same holds.
   */
  poll<Result>(limit: number, handler: (message: Message) => Result & Synchronous<Result>): number {
    checkPoll(limit, handler)
    let count = 0
    while (count < limit) {
      const message = this.next()
      if (message === undefined) break
      checkPolled(handler(message))
      count++
    }
    return count
  }

  /**
   * Returns the next records as one block, at most `maxBytes` of one segment but at least one record, or `undefined` when the source has caught up. They are checked, and count as
   * read. For replicas, archives and other programs that pass records on as they are: `appendBlock` of a writer takes them. Pages that blocks have passed are given back to the kernel every few MiB.
   *
   * @param maxBytes default 128 KiB.
   * @throws as {@link next}; {@link InvalidArgumentError} for what is not an integer from 1 on.
   */
  nextBlock(maxBytes: number = BLOCK_BYTES_MAX): Block | undefined {
    checkFromOne('maxBytes', maxBytes)
    return this.#orCaughtUp(this.#cursor.takeBlock(maxBytes))
  }

  /**
   * Blocks the calling thread until a message is there or the time is over, by default after a second. While the thread is blocked, no handler of the program runs, those of
   * signals such as SIGTERM included. Prefer {@link waitAsync} and {@link messages}, and keep this for worker threads and loops of their own.
   */
  wait(options: WaitOptions = {}): WaitOutcome {
    this.assertOpen()
    return this.#counted(waitBlocking(this.#alone, readTimeout(options), this.#options.wait))
  }

  /**
   * {@link wait} that leaves the event loop turning, by default without a time limit. The rule for all waits: when the signal aborts, it rejects with the signal's reason;
   * when the source is closed meanwhile, with `ERR_CLOSED`; both at once.
   */
  async waitAsync(options: AsyncWaitOptions = {}): Promise<WaitOutcome> {
    this.assertOpen()
    return this.#counted(await whenReady(this.#alone, { ...readAsyncWait(options), strategy: this.#options.wait }))
  }

  /**
   * Yields all messages from the position on, without an end: waits when it has caught up. Each message is a flyweight as in {@link next}, but of the iterator's own: it stays readable until
   * the loop's next turn, also when the source continues or is closed meanwhile.
   *
   * Iterators may stand side by side; beside a loop that commits by itself (`commitEvery`, `run`) they reject with `ERR_BUSY`. One counts from its first turn until it ends: use `return()`.
   *
   * The rule for all iterators: they end when the signal aborts, when the source is closed, and at `return()` (a `break` in the loop), at once also while they wait. Messages
   * that were not delivered stay in the source. When reading fails, the iterator throws what {@link next} throws, and ends.
   */
  messages(options: IteratorOptions = {}): AsyncGenerator<Message, undefined, void> {
    const ends = { signal: readIterator(options), turnsAtOnce: ITERATOR_TURN_COUNT }
    return new SourceIterator(this.iterated({ method: 'messages', commits: false }), ends)
  }

  /** @internal What {@link messages} iterates, called at each turn. */
  protected iterated(kind: LoopKind, turns?: IterationTurns): IteratedSource<Message> {
    const message = new Message()
    const take = (): Message | undefined => this.#orCaughtUp(this.#cursor.take(message))
    const source = this.#iterated(kind, take, () => this.#keepReadable(message))
    return turns === undefined ? source : withTurns(source, message, turns)
  }

  /**
   * Yields the history from `from` on, then `caught-up` exactly once, then live messages without an end. Each `FollowedMessage` is reused by the next turn; the rules
   * of {@link messages} hold. The history ends where the queue ended when this method was called: a fast writer cannot postpone `caught-up`, and an empty queue yields it at once.
   *
   * @throws {@link InvalidArgumentError} for a `from` that is not a place.
   * @example
   * ```ts
   * for await (const item of reader.follow({ from: 'earliest' })) {
   *   if (item.kind === 'caught-up') console.log(`the history ends before message ${item.sequence}`)
   *   else console.log(item.message.sequence, item.live)
   * }
   * ```
   * Delivering history and live messages through one subscription follows Aeron's PersistentSubscription.
   */
  follow(options: FollowOptions = {}): AsyncGenerator<FollowItem, undefined, void> {
    const ends = { signal: readFollow(options), turnsAtOnce: ITERATOR_TURN_COUNT }
    if (this.closed)
      return new SourceIterator(
        this.#iterated({ method: 'follow', commits: false }, noItem, () => undefined),
        ends,
      )
    const kind = this.#loops.assertMayBegin({ method: 'follow', commits: false })
    const end = locateStart({ directory: this.#held, control: this.#control }, 'latest')
    if (options.from !== undefined) this.seek(options.from)
    const followed = new Followed(this.#cursor, end)
    const take = (): FollowItem | undefined => this.#orCaughtUp(followed.take())
    return new SourceIterator(
      this.#iterated(kind, take, () => this.#keepReadable(followed.message)),
      ends,
    )
  }

  /**
   * {@link messages} by the batch, for concurrent work: each turn gets what is there, from 1 to `max` messages, as copies that own their bytes.
   *
   * @throws {@link InvalidArgumentError} for a `max` that is not an integer from 1 on.
   */
  batches(options: BatchOptions = {}): AsyncGenerator<MessageCopy[], undefined, void> {
    const { signal, max } = readBatch(options)
    const iterated = this.#iterated(
      { method: 'batches', commits: false },
      () => this.#orCaughtUp(takeBatch(this.#cursor, max)),
      () => undefined,
    )
    return new SourceIterator(iterated, { signal, turnsAtOnce: Math.ceil(ITERATOR_TURN_COUNT / max) })
  }

  /** Position of the next message. */
  get position(): Position {
    return { segmentId: this.#cursor.segmentId, offset: this.#cursor.offset }
  }

  /** Sequence of the next message; -1 while it is not known. */
  get nextSequence(): number {
    return this.#cursor.nextSequence
  }

  /**
   * Moves to the given place, within the messages that still exist.
   *
   * @throws {@link InvalidArgumentError} for a value that is not a place, such as 'resume'; {@link DataLostError} `ERR_DATA_LOST` for a position whose segment was deleted, unless
   * `onLost` is `snap`.
   */
  seek(start: Place): void {
    this.assertOpen()
    checkStart(start, ['earliest', 'latest'])
    this.placeAtStart(start)
  }

  /** @throws {@link QueueReplacedError} when the path no longer names what was opened: what is done by path goes to another queue. Costs some system calls. */
  assertInPlace(): void {
    this.#watch.assertInPlace()
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
   * When the writer last appended, rolled or renewed its heartbeat, in nanoseconds of CLOCK_REALTIME; 0n before the first writer. Everything that it had appended until then
   * is visible to a look after this load. What is not visible will be stamped with this time or a later one, unless its appender gives a time of its own.
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

  /** Returns the lag of this source. When damage hides the next message, its age is unknown, and 0n. */
  lag(): Lag {
    this.assertOpen()
    // First: looking may move on to the next segment.
    const next = peekOrUnreadable(this)
    return lagOf(this.#control, { next, position: this.position, nextSequence: this.nextSequence })
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
    try {
      this.#cursor.close(() => this.closedError())
      this.#lastIterated?.detach(() => this.closedError())
      this.closing()
    } finally {
      this.#control.close()
      this.#held.close()
      for (const wake of [...this.#wakers]) wake()
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  // -- Parkable: for wait strategies ---------------------------------------------------------------------------------------------------

  /** @internal Used by waits: whether `next()` has something to say, a message or an error. */
  get isReady(): boolean {
    if (this.#isClosed) throw this.closedError()
    if (this.#cursor.hasNext() || this.#watch.isReplaced) return true
    if (this.#watch.isDue()) this.#lookAfterFiles()
    return this.#watch.isReplaced
  }

  /** @internal Used by waits: {@link isReady} that looks at everything. */
  look(): boolean {
    return this.isReady || this.#cursor.look()
  }

  /** @internal Used by waits. */
  get commitWord(): SeenWord | undefined {
    return this.#cursor.commitWord
  }

  /** @internal Used by waits: looks after the files until the returned function is called. */
  whileParked(wake: () => void): () => void {
    this.#wakers.add(wake)
    const end = lookAfterWhileParked(this)
    return () => {
      end()
      this.#wakers.delete(wake)
    }
  }

  /** @internal Used while the source is parked. */
  mayHaveChanged(looks: QueueLooks): boolean {
    return this.#watch.mayHaveChanged(looks)
  }

  /** @internal Used while the source is parked. Looks at everything once more: a file that was cut short changes no word that the waiting thread looks at. */
  lookAfter(looks: QueueLooks): void {
    if (this.#isClosed) return
    this.#lookAfterFiles(looks)
    if (this.#hasSomethingToSay()) for (const wake of [...this.#wakers]) wake()
  }

  #hasSomethingToSay(): boolean {
    try {
      return this.#cursor.look() || this.#watch.isReplaced
    } catch {
      return true
    }
  }

  /** @internal Used by fan-ins between two calls of {@link peek}: whether nothing was committed or rolled since the last look that found nothing. `false` says only that it is time to look. */
  isStillEmpty(): boolean {
    return this.#cursor.isStillEmpty()
  }

  /** @internal Used by waits: whether a record, good or bad, is committed here. */
  get isCommitted(): boolean {
    return this.#cursor.isCommitted
  }

  /** @internal Used by waits. */
  spin(looks: number): void {
    this.#cursor.spin(looks)
  }

  /** @internal Used by waits and fan-ins. */
  get control(): MappedControl {
    return this.#control
  }

  // -- for readers and observers -------------------------------------------------------------------------------------------------------

  /** @internal Places the cursor where a reader had committed; false when the segment is gone. */
  protected resumeAt(position: Position): boolean {
    return this.#placement.resumeAt(position)
  }

  /** @internal Goes to a start and returns where that is. */
  protected placeAtStart(start: Place): Position {
    return this.#placement.placeAt(start)
  }

  /** @internal Counts messages that were deleted before the open. */
  protected countLost(count: number): void {
    this.#lostBefore += count
    publish('chronicle:loss', { directory: this.directory, count })
  }

  protected get cursorSegmentId(): number {
    return this.#cursor.segmentId
  }

  /** @internal Offset of the next message, in blocks of the record alignment: a small integer. */
  protected get cursorBlock(): number {
    return this.#cursor.block
  }

  /** @internal Begins, or gives back what the cursor has mapped. */
  protected beginOrAbandon<Result>(begin: () => Result): Result {
    try {
      return begin()
    } catch (error) {
      this.#cursor.close(() => this.closedError())
      throw error
    }
  }

  /** @internal Names further files that this source depends on. */
  protected own(files: readonly OwnedFile[]): void {
    this.#watch.own(files)
  }

  /** @internal Called now and then while the source is caught up, with `performance.now()`. */
  protected abstract keepAlive(nowMs: number): void

  /** @internal @throws {@link QueueReplacedError} when a file of {@link own} was removed or replaced. Costs a system call each. */
  protected assertOwnFiles(): void {
    this.#watch.assertOwnFiles()
  }

  /** @internal Closes what the subclass holds. The control block is still mapped. */
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

  /** Messages of the queue that was opened and were not delivered; `undefined` where that is not known. */
  #countUnread(): number | undefined {
    const from = this.#cursor.nextSequence
    const to = this.#control.nextSequenceAcquire()
    return to === undefined || from < 0 || to <= from ? undefined : to - from
  }

  #orCaughtUp<Taken>(taken: Taken | undefined): Taken | undefined {
    if (taken === undefined) this.#caughtUp()
    return taken
  }

  /** There is nothing to read. Says so unless it will never change. */
  #caughtUp(): void {
    if (this.#isClosed) throw this.closedError()
    if (!this.#watch.isDue()) return
    this.#lookAfterFiles()
    // What was appended between the look at the records and this one is delivered first.
    if (this.#watch.isReplaced && !this.#cursor.look()) throw this.#watch.replacedError()
  }

  #lookAfterFiles(looks?: QueueLooks): void {
    this.#cursor.lookFullyNext()
    this.keepAlive(performance.now())
    this.#watch.look(looks)
  }

  #iterated<Turn>(kind: LoopKind, take: () => Turn | undefined, ended: () => void): IteratedSource<Turn> {
    return this.#loops.inLoop(kind, {
      isClosed: () => this.#isClosed,
      take,
      ended,
      waitForMore: async (ends) => {
        await waitInterruptibly(this.#alone, { ...ends, strategy: this.#options.wait })
        this.#waits++
      },
    })
  }

  /** Until the source is closed, or the next iterator ends: a loop that was left may look at its last message once more. */
  #keepReadable(message: Message): void {
    const closed = (): ClosedError => this.closedError()
    this.#lastIterated?.detach(closed)
    this.#lastIterated = message
    if (this.#isClosed) message.detach(closed)
  }
}
