import {
  APPENDER_BATCH_COUNT,
  APPENDER_CLAIM_OFFSET,
  APPENDER_NEXT_SEQUENCE,
  APPENDER_WAKES,
  type NativeAppender,
  STATUS_CLAIM,
  STATUS_OK,
} from '@chronicle-ts/native'
import { assert } from '../errors/assert.js'
import {
  ClosedError,
  fromSystemError,
  LockLostError,
  NoSpaceError,
  NotDurableError,
  QueueError,
  QueueFullError,
} from '../errors/index.js'
import { isRecordOffset } from '../format/index.js'
import type { RecoveryAction } from '../recovery/recovery-case.js'
import type { RetentionVerdict } from '../retention/retention-plan.js'
import type { Retirement } from '../retention/retirement.js'
import { appendFailure } from './append-failure.js'
import type {
  AppendOptions,
  AsyncAppendOptions,
  BatchMessage,
  ClaimOptions,
  MessageDetails,
  TryAppendResult,
} from './append-options.js'
import { type AsyncAppend, AsyncAppends } from './async-appends.js'
import { readAsyncOptions } from './async-options.js'
import { checkBlock } from './block-append.js'
import { CapacityGate } from './capacity-gate.js'
import { Claim } from './claim.js'
import type { Durability } from './durability.js'
import { Head } from './head.js'
import { batchAppends, blockAppends, type ManyAppends, packedAppends } from './many-appends.js'
import type { OpenedQueue } from './opened-queue.js'
import { optionsWithoutEffect } from './options-without-effect.js'
import { checkPacked } from './packed-messages.js'
import { claimDetailsOf, detailsOf } from './prepared-options.js'
import { readBatch } from './read-batch.js'
import { appendWith, type RecordDetails } from './record-details.js'
import { Rolling } from './rolling.js'
import type { WriteAhead } from './write-ahead.js'
import { WriterCallbacks } from './writer-callbacks.js'
import { WriterLife } from './writer-life.js'
import type { WriterMetrics } from './writer-metrics.js'
import { existingQueue, type WriterNote, writerNotes } from './writer-notes.js'
import { makeAppender, makeDurability, makeRetirement, makeWriteAhead, repeat } from './writer-parts.js'

/**
 * The one writer of a queue. `append` is a native call that copies the payload, stamps and checksums the record and publishes it; readers in every process see it when
 * the call returns. It allocates nothing and makes no system call while no reader is parked. Use from one thread.
 *
 * Visible is not durable: an appended message survives the death of this process at once, and a power cut after {@link flush}.
 */
export class QueueWriter {
  readonly directory: string
  /** Counts the openings of this queue for writing, from 1. */
  readonly epoch: number
  /** Bytes per segment. */
  readonly segmentSize: number
  /** What the open found and repaired. */
  readonly recovery: readonly RecoveryAction[]
  /** Options that have no effect: the existing queue contradicts them, or other options leave them nothing to do. */
  readonly notes: readonly WriterNote[]
  readonly #opened: OpenedQueue
  readonly #appender: NativeAppender
  readonly #state: Float64Array
  readonly #durability: Durability
  readonly #watchesAppends: boolean
  readonly #firstSequence: number
  readonly #retirement: Retirement | undefined
  readonly #gate: CapacityGate | undefined
  readonly #ahead: WriteAhead
  readonly #head: Head
  readonly #life: WriterLife
  readonly #rolling: Rolling
  #claim: Claim | undefined
  #asyncAppends: AsyncAppends | undefined
  readonly #callbacks = new WriterCallbacks(() => {
    this.#gate?.tellHighWatermark()
    this.#retirement?.tellReleased()
  })

  /** @internal Use `openWriter`. */
  static of(opened: OpenedQueue): QueueWriter {
    return new QueueWriter(opened)
  }

  private constructor(opened: OpenedQueue) {
    const { control, tail, options } = opened
    this.#opened = opened
    this.directory = opened.directory.path
    this.epoch = opened.epoch
    this.segmentSize = control.segmentSize
    this.recovery = opened.recovery
    this.notes = [...writerNotes(options, existingQueue(opened)), ...optionsWithoutEffect(options)]
    assert(isRecordOffset(tail.offset) && tail.offset <= this.segmentSize, 'recovery ends at an offset of a record')
    assert(
      Number.isSafeInteger(tail.nextSequence) && tail.nextSequence >= 0,
      'recovery ends with a sequence that a message can have',
    )
    this.#firstSequence = tail.nextSequence
    this.#life = new WriterLife(opened, (lost) => this.#stop(lost))
    this.#appender = makeAppender(opened)
    this.#state = this.#appender.state
    this.#ahead = makeWriteAhead(opened, this.#appender)
    this.#head = new Head({
      ...opened,
      appender: this.#appender,
      ahead: this.#ahead,
      segment: tail.segment,
      segmentSize: this.segmentSize,
    })
    opened.releases.push(() => this.#head.close())
    this.#durability = makeDurability(opened, this.#appender, () => this.#life.isClosed && !this.#life.isLost)
    this.#watchesAppends = this.#durability.watchesAppends
    this.#retirement = makeRetirement(opened, () => this.position)
    if (this.#retirement !== undefined) this.#gate = CapacityGate.ofBounded({ ...opened, retirement: this.#retirement })
    this.#rolling = new Rolling({
      opened,
      life: this.#life,
      head: this.#head,
      ahead: this.#ahead,
      gate: this.#gate,
      durability: this.#durability,
      retirement: this.#retirement,
      callbacks: this.#callbacks,
    })
    this.#ahead.begin()
    const { rollAfterMs, heartbeatIntervalMs } = options
    if (rollAfterMs !== undefined)
      repeat(
        opened,
        () => this.#rolling.rollByAge(rollAfterMs, (mayBlock) => this.#rollIfUsed(mayBlock)),
        Math.min(rollAfterMs, 1000),
      )
    if (heartbeatIntervalMs > 0) repeat(opened, () => this.#beat(), heartbeatIntervalMs)
  }

  /** Sequence that the next message gets. */
  get nextSequence(): number {
    return this.#state[APPENDER_NEXT_SEQUENCE] as number
  }

  /** All messages before this sequence survive a power cut. */
  get durableSequence(): number {
    this.#life.assertOpen()
    return this.#opened.control.readDurableMark()?.sequence ?? 0
  }

  /** Where the next record goes. */
  get position(): { readonly segmentId: number; readonly offset: number } {
    return this.#head.position
  }

  /**
   * Appends one message and returns its sequence. The payload is copied.
   *
   * @param typeId the user's type, 0 to 65534.
   * @throws `TooLargeError` `ERR_TOO_LARGE`, `InvalidArgumentError` `ERR_INVALID_ARGUMENT`, {@link NoSpaceError} `ERR_NO_SPACE`,
   * {@link QueueFullError} `ERR_QUEUE_FULL`, {@link ClosedError} `ERR_CLOSED`, {@link LockLostError} `ERR_LOCK_LOST`. Nothing was written in any of these cases,
   * nor when no sequence below 2^53 is left (`ERR_BAD_SEGMENT`), which only damage brings about.
   * {@link NotDurableError} `ERR_NOT_DURABLE`: the message is in the queue, and a flush policy that waits could not make it durable.
   */
  append(typeId: number, payload: Uint8Array, options?: AppendOptions): number {
    return this.#append(typeId, payload, this.#detailsOf(options), true)
  }

  /** {@link append} that returns a status instead of throwing when the queue or the disk is full, and never blocks. */
  tryAppend(typeId: number, payload: Uint8Array, options?: AppendOptions): TryAppendResult {
    const details = this.#detailsOf(options)
    try {
      return { status: 'appended', sequence: this.#append(typeId, payload, details, false) }
    } catch (error) {
      if (this.#callbacks.threw(error)) throw error
      if (error instanceof QueueFullError) return { status: 'full' }
      if (error instanceof NoSpaceError) return { status: 'no-space' }
      throw error
    }
  }

  /**
   * {@link append} for event loops: while a bounded queue is full it waits for readers without blocking the thread, for every value of `backpressure`. Calls that wait are served
   * in the order of the calls; an append that is not asynchronous may overtake them. The payload is taken at the call: it is copied when the call has to wait. It waits
   * for readers only: a full disk rejects at once.
   *
   * @returns the sequence, when the message is appended.
   * @throws as {@link append} does, by rejecting. {@link QueueFullError} `ERR_QUEUE_FULL` after `timeoutMs`, {@link ClosedError} `ERR_CLOSED` when the writer is closed meanwhile,
   * the signal's reason when it is aborted meanwhile: nothing was appended in any of these cases.
   * @example
   * ```ts
   * process.once('SIGTERM', () => controller.abort())
   * await writer.appendAsync(1, Buffer.from('hello'), { signal: controller.signal, timeoutMs: 5000 })
   * ```
   */
  async appendAsync(typeId: number, payload: Uint8Array, options: AsyncAppendOptions = {}): Promise<number> {
    const { extensions, backpressureTimeoutMs: defaultTimeoutMs } = this.#opened.options
    const { signal, timeoutMs, details } = readAsyncOptions(options, { defaultTimeoutMs, extensions })
    this.#life.assertOpen()
    signal?.throwIfAborted()
    this.#asyncAppends ??= this.#makeAsyncAppends()
    return this.#asyncAppends.append({ typeId, payload, details, timeoutMs, signal })
  }

  /**
   * Appends messages with one reading of the clock and one notification. They become visible in order, one after the other: a reader may see a
   * part of the batch, never a later message without the earlier ones. All of them are read before the first is appended. Callbacks of the writer are called after the batch,
   * so that the batch stays together. An error that they throw then is an uncaught exception, because the batch is in the queue.
   *
   * @param messages an array, or another iterable.
   * @returns the sequence of the first message; the others follow without a gap.
   * @throws as {@link append} does; the messages before the refused one are appended, and `error.batch` says which.
   */
  appendBatch(messages: Iterable<BatchMessage>): number {
    this.#life.assertOpen()
    return this.#appendMany(batchAppends(this.#appender, readBatch(messages, this.#opened.options.extensions)))
  }

  /**
   * {@link appendBatch} of messages that stand one after the other in one buffer, which costs less: JavaScript neither makes nor checks anything for a single message. For feed handlers and
   * other programs that have their messages in this form. Details of messages need {@link appendBatch}.
   *
   * @param typeIds the type of all messages, or one for each.
   * @param offsets one more than there are messages, ascending: message i is `bytes[offsets[i]]` up to, and without, `bytes[offsets[i + 1]]`. Apache Arrow's layout of binary values.
   * @returns the sequence of the first message; the others follow without a gap.
   * @throws as {@link appendBatch} does. `InvalidArgumentError` `ERR_INVALID_ARGUMENT` for offsets that descend or leave the buffer: nothing was appended.
   * @example
   * ```ts
   * writer.appendPacked(1, Buffer.from('onetwothree'), Uint32Array.of(0, 3, 6, 11)) // three messages
   * ```
   */
  appendPacked(typeIds: number | Uint16Array, bytes: Uint8Array, offsets: Uint32Array): number {
    this.#life.assertOpen()
    const packed = { typeIds, bytes, offsets }
    checkPacked(packed)
    return this.#appendMany(packedAppends(this.#appender, packed))
  }

  /**
   * Takes over records as `MessageSource.nextBlock` of another queue gave them: sequence, timestamp, type, payload, schema version, trace and source stay; writer epoch and header
   * checksum are this queue's. All of it is checked first. For replicas and restores; see `firstSequence` of `WriterOptions`.
   *
   * @returns the sequence of the first record; {@link nextSequence} says how far it went.
   * @throws as {@link append} does; the records before the refused one are appended, and `error.batch` says which. `BadBlockError` `ERR_BAD_BLOCK`: a record is damaged, or
   * the sequences do not continue this queue's; nothing was appended.
   */
  appendBlock(bytes: Uint8Array): number {
    this.#life.assertOpen()
    checkBlock(this.#appender, { writer: this, extensions: this.#opened.options.extensions }, bytes)
    this.#head.giveBackDurable(this.#durability.durableOffset)
    return this.#appendMany(blockAppends(this.#appender, bytes))
  }

  /**
   * Reserves room for a payload that is filled in place. One claim at a time; until `commit()` or `abort()` nothing else can be appended. An abandoned
   * claim leaves no trace.
   *
   * @param length bytes of payload, at most: `commit({ length })` may use fewer.
   */
  claim(typeId: number, length: number, options?: ClaimOptions): Claim {
    const details = options === undefined ? undefined : claimDetailsOf(options, this.#opened.options.extensions)?.native
    let status = this.#appender.claim(typeId, length, details)
    while (status !== STATUS_OK) {
      if (!this.#rolling.makesRoom(status, { writer: this, typeId, length })) this.#rolling.roll(true)
      status = this.#appender.claim(typeId, length, details)
    }
    this.#claim ??= Claim.of(this.#appender, this.#watchesAppends ? () => this.#afterAppend() : undefined)
    this.#claim.open(this.#head.mapped(), this.#state[APPENDER_CLAIM_OFFSET] as number, length)
    return this.#claim
  }

  /**
   * Renews the heartbeat, which shows readers and ordered fan-ins that this writer lives although it appends nothing, and checks that it still has the lock. A timer does the same while the event
   * loop turns. @throws {@link LockLostError} `ERR_LOCK_LOST`.
   */
  heartbeat(): void {
    if (this.#life.isClosed) return
    this.#life.assertOwned()
    this.#appender.heartbeat()
  }

  /**
   * Resolves when everything appended before the call is durable. @throws `IoError` `ERR_IO` and related errors when that fails: the messages stay visible, and a later
   * flush retries all of them. {@link LockLostError} `ERR_LOCK_LOST`.
   */
  async flush(): Promise<void> {
    this.#life.assertOpen()
    await this.#durability.flush().catch((error) => this.#failFlush(error))
  }

  /** {@link flush} that blocks the thread. */
  flushSync(): void {
    this.#life.assertOpen()
    try {
      this.#durability.flushSync()
    } catch (error) {
      this.#failFlush(error)
    }
  }

  /** Leaves the head segment for the next one although it is not full. Refused while a claim is open, because the claim is in the head. */
  roll(): void {
    this.#rollIfUsed(true)
  }

  /** Returns which segments could be deleted, which stay, the readers that pin them, and the rule. Empty without `retention`. */
  explainRetention(): RetentionVerdict[] {
    this.#life.assertOpen()
    return this.#retirement?.explain() ?? []
  }

  /**
   * Deletes now the segments that `retention` does not keep, which otherwise happens automatically, and resolves when the files are gone. Does nothing without `retention`.
   *
   * @throws {@link ClosedError} `ERR_CLOSED`; {@link LockLostError} `ERR_LOCK_LOST`; `PermissionError`, `IoError` when the system refuses to delete a segment, which is
   * named: it and those above it are still there, and are tried again.
   */
  async applyRetention(): Promise<void> {
    this.#life.assertOpen()
    await this.#retirement?.retireAll()
    if (this.#life.isClosed) return
    this.#life.assertOwned()
    const refusal = this.#retirement?.refusal
    if (refusal !== undefined) throw refusal
  }

  metrics(): WriterMetrics {
    return {
      appended: this.nextSequence - this.#firstSequence,
      rolls: this.#head.rolls,
      wakes: this.#state[APPENDER_WAKES] as number,
      syncs: this.#durability.syncCount,
      unpreparedRolls: this.#head.unpreparedRolls + (this.#gate?.spaceWaitCount ?? 0),
      blockedRolls: this.#gate?.blockedCount ?? 0,
      segmentsDeleted: this.#retirement?.counts.segmentsDeleted ?? 0,
      readersReleased: this.#retirement?.counts.readersReleased ?? 0,
      nextSequence: this.nextSequence,
      durableSequence: this.#life.isClosed || this.#life.isLost ? 0 : this.durableSequence,
    }
  }

  get closed(): boolean {
    return this.#life.isClosed
  }

  /**
   * Ends writing and releases the queue, in every state. Syncs when a flush policy is set, and waits for all background work. Idempotent. An error of that sync is
   * not thrown, because the queue is closed nevertheless: call {@link flush} to know.
   */
  close(): void {
    if (!this.#life.close()) return
    this.#asyncAppends?.close()
    this.#claim?.invalidate()
    const failure = this.#opened.releases.releaseAll()
    if (failure !== undefined) throw fromSystemError(failure, { path: this.directory })
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #makeAsyncAppends(): AsyncAppends {
    const { control } = this.#opened
    return new AsyncAppends({
      control: control.mapping,
      attempt: (append) => this.#appendIfRoom(append),
      announce: (waits) => this.#gate?.announceAsync(waits),
      progressSequence: () => control.progressSequenceAcquire(),
      full: (waitedMs) => this.#gate?.full(waitedMs) ?? this.#life.closedError(),
      closed: () => this.#life.closedError(),
    })
  }

  /** `undefined` while the queue is full. */
  #appendIfRoom({ typeId, payload, details }: AsyncAppend): number | undefined {
    try {
      return this.#append(typeId, payload, details, false)
    } catch (error) {
      if (error instanceof QueueFullError && !this.#callbacks.threw(error)) return undefined
      throw error
    }
  }

  #detailsOf(options: MessageDetails | undefined): RecordDetails | undefined {
    return options === undefined ? undefined : detailsOf(options, this.#opened.options.extensions)
  }

  /** No code of the caller runs in here but callbacks, and those run between two attempts. */
  #append(typeId: number, payload: Uint8Array, details: RecordDetails | undefined, mayBlock: boolean): number {
    for (;;) {
      const status = appendWith(this.#appender, typeId, payload, details)
      if (status === STATUS_OK) break
      if (!this.#rolling.makesRoom(status, { writer: this, typeId, payload })) this.#rolling.roll(mayBlock)
    }
    const sequence = (this.#state[APPENDER_NEXT_SEQUENCE] as number) - 1
    if (this.#watchesAppends) this.#afterAppend()
    return sequence
  }

  #appendMany(many: ManyAppends): number {
    this.#life.assertOpen()
    const appended = { first: this.nextSequence, count: 0 }
    try {
      this.#appendParts(many, appended)
      return appended.first
    } catch (error) {
      if (error instanceof QueueError) error.batch = appended
      throw error
    } finally {
      this.#callbacks.tellAfterBatch()
    }
  }

  #appendParts({ attempt, refused }: ManyAppends, appended: { count: number }): void {
    try {
      for (;;) {
        const status = attempt(appended.count)
        appended.count += this.#state[APPENDER_BATCH_COUNT] as number
        if (status === STATUS_OK) return
        if (!this.#rolling.makesRoom(status, { writer: this, ...refused(appended.count) })) this.#rolling.enterNext(true)
      }
    } finally {
      // What stands before a refused message is appended like any other.
      if (this.#watchesAppends && appended.count > 0 && !this.#life.isLost) this.#afterAppend()
    }
  }

  #rollIfUsed(mayBlock: boolean): void {
    this.#life.assertOpen()
    if ((this.#state[APPENDER_CLAIM_OFFSET] as number) !== 0) throw appendFailure(STATUS_CLAIM, { writer: this })
    if (!this.#head.isEmpty) this.#rolling.roll(mayBlock)
  }

  /** By the timer. A lock that is lost is thrown by the next call. */
  #beat(): void {
    try {
      this.heartbeat()
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error
    }
  }

  /** The message is visible: a failure to make it durable must not look like a refusal. */
  #afterAppend(): void {
    try {
      this.#durability.afterAppend()
    } catch (cause) {
      if (cause instanceof LockLostError) this.#life.lose()
      throw new NotDurableError({ directory: this.directory, sequence: this.nextSequence - 1 }, { cause })
    }
  }

  #failFlush(error: unknown): never {
    if (error instanceof LockLostError) this.#life.lose()
    throw error
  }

  /** The lock is lost: waiting calls reject, and nothing is written any more. */
  #stop(lost: LockLostError): void {
    this.#asyncAppends?.close()
    this.#claim?.invalidate(lost)
    this.#durability.stop()
    this.#appender.detach()
    this.#retirement?.close()
  }
}
