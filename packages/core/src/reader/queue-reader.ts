import type { MappedControl } from '../control/mapped-control.js'
import { openControl } from '../control/open-control.js'
import { ITERATOR_TURN_COUNT, OWNERSHIP_LOOK_MS, READER_HEARTBEAT_MS } from '../defaults.js'
import { BadPositionError, DataLostError, InvalidArgumentError } from '../errors/index.js'
import type { DirectoryPath } from '../files/absolute-path.js'
import { checkFlag, checkOptions, type OptionNames } from '../files/option-names.js'
import { QueueDirectory } from '../files/queue-directory.js'
import { isRecordOffset, RECORD_ALIGNMENT, RECORD_FLAG_HEADER_CRC, recordLength } from '../format/index.js'
import { readLostSequence, removeLostNote } from '../positions/lost-position.js'
import { checkReaderName, type Position, PositionFile } from '../positions/position-file.js'
import { CommitEvery } from './commit-every.js'
import type { Message } from './message.js'
import type { MessageCopy } from './message-copy.js'
import { MessageSource } from './message-source.js'
import { Pace } from './pace.js'
import type { CursorQueue } from './queue-segments.js'
import { readIteratorOptions } from './read-source-options.js'
import { type ReaderOptions, type ResolvedReaderOptions, resolveReaderOptions } from './reader-options.js'
import { checkRun, RUN_COMMIT_EVERY, type RunOptions, runConcurrently, runInOrder } from './run-handler.js'
import { type IteratedSource, SourceIterator } from './source-iterator.js'
import type { IteratorOptions } from './source-types.js'
import { type AsyncOpenOptions, readAsyncOpen, whenQueueIsThere, whenQueueIsThereAsync } from './when-queue-is-there.js'

/** What an open did, and where the reader began: at its saved position, as a new name, or over again because `reset` said so. */
export interface ReaderOpening {
  readonly kind: 'resumed' | 'new' | 'reset'
  readonly position: Position
}

export interface CommittingIteratorOptions extends IteratorOptions {
  /** Commits once per so many messages, whenever the reader has caught up, and when the iterator ends; `Infinity`: then only. By default the caller commits. */
  readonly commitEvery?: number | undefined
}

const COMMITTING_NAMES: OptionNames<CommittingIteratorOptions> = { signal: true, commitEvery: true }
const DURABLE_NAMES: OptionNames<{ readonly durable?: boolean }> = { durable: true }

/** Which message {@link QueueReader.commitThrough} goes up to: a `Message`, a `MessageCopy`, or these three fields of one. */
export interface CommittedMessage {
  readonly segmentId: number
  readonly offset: number
  readonly length: number
}

/**
 * Opens a queue for reading under a name. The position of a name survives restarts; a registered reader pins what it has not committed. One
 * process at a time may use a name.
 *
 * A name with a saved position continues there and ignores `start`; `start` is where a new name begins. `reader.opening` says which it was.
 *
 * @throws `NotFoundError` `ERR_NOT_FOUND`, `NotAQueueError`, `NotReadyError` `ERR_NOT_READY` while a writer makes the queue, `ReaderActiveError`
 * `ERR_READER_ACTIVE`, {@link BadPositionError} `ERR_BAD_POSITION`, {@link DataLostError} `ERR_DATA_LOST` when the saved position was deleted (see `onLost`),
 * {@link InvalidArgumentError}.
 * @example
 * ```ts
 * using reader = openReader('/var/lib/feed/trades', 'strategy-1')
 * for await (const message of reader.messages()) {
 *   handle(message.payload)
 *   reader.commit()
 * }
 * ```
 */
export function openReader(directory: DirectoryPath, name: string, options: ReaderOptions = {}): QueueReader {
  const resolved = resolveReaderOptions(options)
  checkReaderName(name)
  return whenQueueIsThere(resolved.waitForQueueMs, () => QueueReader.open(directory, name, resolved))
}

/**
 * {@link openReader} whose wait for the queue (`waitForQueueMs`) leaves the event loop turning. Rejects with the signal's reason when aborted.
 *
 * @example
 * ```ts
 * const reader = await openReaderAsync('/var/lib/feed/trades', 'strategy-1', { waitForQueueMs: 30_000 })
 * ```
 */
export async function openReaderAsync(
  directory: DirectoryPath,
  name: string,
  options: ReaderOptions & AsyncOpenOptions = {},
): Promise<QueueReader> {
  const { signal, others } = readAsyncOpen(options)
  const resolved = resolveReaderOptions(others)
  checkReaderName(name)
  return whenQueueIsThereAsync({ waitMs: resolved.waitForQueueMs, signal }, () => QueueReader.open(directory, name, resolved))
}

/** A named reader. Reading is as in {@link MessageSource}; {@link commit} saves the position. */
export class QueueReader extends MessageSource {
  readonly name: string
  /** What the open did: it continued at the saved position, began with a new name, or reset the position. */
  readonly opening: ReaderOpening
  readonly #held: QueueDirectory
  readonly #file: PositionFile
  readonly #commitPace = new Pace(OWNERSHIP_LOOK_MS)
  /** What was saved last: segment, and offset in blocks of {@link RECORD_ALIGNMENT}. */
  #committedSegmentId: number
  #committedBlock: number
  #heartbeatMs = performance.now()

  /** @internal Use {@link openReader}. */
  static open(directory: DirectoryPath, name: string, options: ResolvedReaderOptions): QueueReader {
    const held = QueueDirectory.open(directory)
    let control: MappedControl | undefined
    let file: PositionFile | undefined
    try {
      control = openControl(held, true)
      file = PositionFile.open(held, name)
      return new QueueReader(name, { directory: held, control, file, options })
    } catch (error) {
      file?.abandon()
      control?.close()
      held.close()
      throw error
    }
  }

  private constructor(
    name: string,
    opened: CursorQueue & { readonly file: PositionFile; readonly options: ResolvedReaderOptions },
  ) {
    super('reader', opened)
    this.name = name
    this.#held = opened.directory
    this.#file = opened.file
    this.own([opened.file.owned])
    this.opening = this.beginOrAbandon(() => this.#begin(opened.options))
    const { segmentId, offset } = this.opening.position
    this.#committedSegmentId = segmentId
    this.#committedBlock = offset / RECORD_ALIGNMENT
  }

  #begin(options: ResolvedReaderOptions): ReaderOpening {
    const opening = this.#placeAt(options)
    const hasUnread = this.#hasUnreadAfter(opening.position)
    this.#file.begin(opening.position, { hasUnread, control: this.control.mapping })
    return opening
  }

  /**
   * Saves the position: everything that `next()`, `poll()` and the iterators have returned so far counts as done. A crash repeats the messages since the last commit and
   * never skips one. Costs no system call; `durable` syncs it, so that it survives a power cut.
   *
   * @throws `ClosedError` `ERR_CLOSED`; `QueueReplacedError` `ERR_QUEUE_REPLACED` at most a second after the position file was removed or replaced: a position saved in a removed file
   * is lost. With `durable` also `IoError` `ERR_IO`, `NoSpaceError` `ERR_NO_SPACE` and `LimitError` `ERR_LIMIT`.
   */
  commit(options?: { readonly durable?: boolean }): void {
    const isDurable = options !== undefined && readDurable(options)
    const segmentId = this.cursorSegmentId
    if (this.closed) throw this.closedError()
    this.#save(segmentId, this.cursorBlock)
    if (isDurable) this.#file.sync()
  }

  /**
   * {@link commit} up to one message: it and all before it count as done. For messages that are worked on concurrently, such as those of `batches()`. Never moves the saved
   * position back: a message before it changes nothing.
   *
   * @throws as {@link commit}; {@link InvalidArgumentError} for what is not a message that this reader has returned.
   */
  commitThrough(message: CommittedMessage, options?: { readonly durable?: boolean }): void {
    this.assertOpen()
    const isDurable = options !== undefined && readDurable(options)
    const { segmentId, block } = this.#endOf(message)
    this.#saveFurther(segmentId, block)
    if (isDurable) this.#file.sync()
  }

  /**
   * {@link MessageSource.messages}. With `commitEvery` the iterator commits, and exactly. A message counts as done when the loop asks for the next one, and after a `break` or
   * an error the message in work is not saved. A commit covers everything that the reader returned. If another iterator, stream or `run` is active, the
   * first turn rejects with `ERR_BUSY` and nothing changes. What the loop's body reads with `next()` counts as part of the message in work.
   *
   * @throws also {@link InvalidArgumentError} for an invalid `commitEvery`; `BusyError` `ERR_BUSY`, by rejecting.
   * @example
   * ```ts
   * for await (const message of reader.messages({ commitEvery: 100 })) handle(message.payload)
   * ```
   */
  override messages(options: CommittingIteratorOptions = {}): AsyncGenerator<Message, undefined, void> {
    const signal = readIteratorOptions(options, COMMITTING_NAMES)
    const { commitEvery } = options
    if (commitEvery === undefined) return super.messages({ signal })
    return new SourceIterator(this.#committing('messages', commitEvery), { signal, turnsAtOnce: ITERATOR_TURN_COUNT })
  }

  /**
   * Hands every message from here on to the handler and commits what is done; waits when there is nothing. Resolves when the signal aborts or the reader is closed, after the
   * handlers under way. When a handler or reading fails, it rejects with that: what was done before is committed, the message that failed is not.
   *
   * With `concurrency` 1 the message is the reader's flyweight, valid until the handler returns or its promise resolves; a handler that returns no promise costs none. With more, each
   * is a copy, and commits go up to the first message that is not done. As with `commitEvery`, no other
   * iterator, stream or run may be active meanwhile: the later one rejects with `ERR_BUSY`. With more than one handler at a time, none of them may read from the reader.
   *
   * @throws {@link InvalidArgumentError}, `BusyError` `ERR_BUSY`, by rejecting, as do all others.
   * @example
   * ```ts
   * await reader.run(async ({ payload }) => store(payload), { concurrency: 8, commitEvery: 100, signal })
   * ```
   */
  run(handler: (message: Message) => unknown, options?: RunOptions & { readonly concurrency?: 1 }): Promise<void>
  run(handler: (message: MessageCopy) => unknown, options: RunOptions): Promise<void>
  async run(handler: (message: never) => unknown, options: RunOptions = {}): Promise<void> {
    checkRun(handler, options)
    this.assertOpen()
    const { signal, concurrency = 1, commitEvery = RUN_COMMIT_EVERY } = options
    if (concurrency === 1)
      return runInOrder(this.#committing('run', commitEvery), handler as (message: Message) => unknown, signal)
    const commitThrough = (message: MessageCopy): void => this.commitThrough(message)
    const concurrently = { signal, concurrency, commitEvery, commitThrough }
    return runConcurrently(
      this.iterated({ method: 'run', commits: true }),
      handler as (message: MessageCopy) => unknown,
      concurrently,
    )
  }

  #committing(method: string, commitEvery: number): IteratedSource<Message> {
    const reader = this
    const committed = {
      get closed() {
        return reader.closed
      },
      commit: () => reader.commit(),
      commitBefore: ({ segmentId, offset }: Message) => reader.#saveFurther(segmentId, offset / RECORD_ALIGNMENT),
    }
    return this.iterated({ method, commits: true }, new CommitEvery(committed, commitEvery))
  }

  #saveFurther(segmentId: number, block: number): void {
    const isFurther =
      segmentId > this.#committedSegmentId || (segmentId === this.#committedSegmentId && block > this.#committedBlock)
    if (isFurther) this.#save(segmentId, block)
  }

  #endOf(message: CommittedMessage): { readonly segmentId: number; readonly block: number } {
    // A program without types may give anything.
    const { segmentId, offset, length } = (message ?? {}) as CommittedMessage
    const isPlace = [segmentId, offset, length].every((value) => Number.isSafeInteger(value) && value >= 0)
    const block = isPlace ? (offset + recordLength(length)) / RECORD_ALIGNMENT : Number.NaN
    const isReturned = segmentId < this.cursorSegmentId || (segmentId === this.cursorSegmentId && block <= this.cursorBlock)
    if (Number.isSafeInteger(block) && isReturned) return { segmentId, block }
    const value = `segmentId=${String(segmentId)} offset=${String(offset)} length=${String(length)}`
    throw new InvalidArgumentError({ argument: 'message', value, expected: 'a message that this reader has returned' })
  }

  #save(segmentId: number, block: number): void {
    if (this.#commitPace.isDue()) this.assertOwnFiles()
    if (this.#file.saveAt(segmentId, block * RECORD_ALIGNMENT)) this.control.addProgressSequence()
    const isLeaving = segmentId !== this.#committedSegmentId
    this.#committedSegmentId = segmentId
    this.#committedBlock = block
    // Past the last message of a segment a writer with retention may delete it: the touched file notifies it, without a poll.
    if (isLeaving) this.#file.touch()
  }

  #placeAt(options: ResolvedReaderOptions): ReaderOpening {
    const start = options.start === 'resume' ? 'earliest' : options.start
    if (options.reset) return { kind: 'reset', position: this.placeAtStart(start) }
    const saved = this.#file.loadValid(this.name)
    if (saved === undefined) return { kind: 'new', position: this.placeAtStart(start) }
    this.#checkSaved(saved)
    const { segmentId, offset } = saved
    const position = this.resumeAt(saved)
      ? this.#afterRecovery({ segmentId, offset }, options)
      : this.#resumeElsewhere({ segmentId, offset }, options)
    return { kind: 'resumed', position }
  }

  /** Recovery moved the reader on, because the segment in which it stood was lost: what it had not read there is reported once. */
  #afterRecovery(saved: Position, options: ResolvedReaderOptions): Position {
    const from = readLostSequence(this.#held, this.name, saved)
    if (from === undefined) return saved
    const next = this.control.nextSequenceAcquire()
    const to = this.peek()?.sequence ?? next ?? from
    if (options.onLost === 'strict') throw this.#dataLost(from, to)
    this.countLost(to - from)
    removeLostNote(this.#held, this.name)
    return saved
  }

  /** `from` is not known when the segment vanished in another way than through retention. */
  #dataLost(from: number | undefined, to: number): DataLostError {
    return new DataLostError({ directory: this.directory, reader: this.name, from, to })
  }

  #checkSaved(saved: Position): void {
    if (isRecordOffset(saved.offset) && saved.offset <= this.control.segmentSize) return
    throw new BadPositionError({
      path: this.#file.path,
      reader: this.name,
      detail: `offset ${saved.offset} is not at the beginning of a record`,
    })
  }

  /** The saved segment does not exist: deleted below the earliest, or ahead of a queue that was cut short or replaced. */
  #resumeElsewhere(saved: Position, options: ResolvedReaderOptions): Position {
    const isAhead = saved.segmentId > this.control.currentSegmentAcquire()
    if (isAhead)
      throw new BadPositionError({
        path: this.#file.path,
        reader: this.name,
        detail: `segment ${saved.segmentId} is ahead of the head`,
      })
    const earliest = this.placeAtStart('earliest')
    const from = readLostSequence(this.#held, this.name, saved)
    // Loaded before the look: what is appended in between is seen by it.
    const next = this.control.nextSequenceAcquire()
    const first = this.peek()
    const to = first?.sequence ?? next ?? from ?? 0
    // Recovery may go on above the segment of a reader that had nothing to lose. Sequence 0 is the first there ever was, unless a writer of the base format gave it out.
    const counts = first === undefined ? next !== undefined : (first.flags & RECORD_FLAG_HEADER_CRC) !== 0
    if (counts && to === (from ?? 0)) return earliest
    if (options.onLost === 'strict') throw this.#dataLost(from, to)
    this.countLost(from === undefined ? 0 : to - from)
    return earliest
  }

  /** While a reader waits, nothing commits for it: without a sign of life retention of the base format takes it for gone. */
  protected override keepAlive(nowMs: number): void {
    if (nowMs - this.#heartbeatMs < READER_HEARTBEAT_MS) return
    this.#heartbeatMs = nowMs
    this.#restamp()
  }

  /** Whether the queue goes on after this place. */
  #hasUnreadAfter({ segmentId, offset }: Position): boolean {
    const head = this.control.readHead()
    return head?.segmentId !== segmentId || head.offset !== offset
  }

  #restamp(): void {
    const committed = { segmentId: this.#committedSegmentId, offset: this.#committedBlock * RECORD_ALIGNMENT }
    this.#file.restamp({ hasUnread: this.#hasUnreadAfter(committed) })
  }

  protected override closing(): void {
    this.#restamp()
    this.#file.close()
    // Last: a blocked writer that looks now finds the reader gone.
    if (this.control.writerBlockedAcquire()) this.control.addProgressSequence()
  }
}

function readDurable(options: { readonly durable?: boolean }): boolean {
  checkOptions(options, DURABLE_NAMES)
  const { durable = false } = options
  checkFlag('durable', durable)
  return durable
}
