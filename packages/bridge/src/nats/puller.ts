import { BadBlockError, DataLostError, InvalidArgumentError } from '@chronicle-ts/core'
import { CALLBACK, checkFlag, checkMembers, checkOptions } from '@chronicle-ts/core/internal'
import { AckPolicy, type ConsumerInfo, DeliverPolicy, JetStreamApiError } from '@nats-io/jetstream'
import type { BridgeReading } from '../progress/progress-writer.js'
import { checkSink, type ReplicaSink } from '../replica/replica-sink.js'
import { type BridgeLag, lagOfReplica, UNKNOWN_LAG } from './bridge-lag.js'
import type { FedMessage } from './fed-message.js'
import { frameOfMessage } from './frame-message.js'
import { checkStream, type FrameStream } from './frame-stream.js'
import { MessageFeed } from './message-feed.js'
import { checkSinkName } from './nats-names.js'
import { inSessions, type SessionNote } from './passing.js'
import { SinkFlusher } from './sink-flusher.js'
import { consumerOf, encodeSinkNote, replicaAt, sinkNoteOf } from './sink-note.js'

const NS_PER_MS = 1_000_000
/** Errors of the server: no such consumer, no such stream. */
const NO_CONSUMER = new Set([10_014, 10_059])
/** Time after which the server sends a message again that was not acknowledged: none is lost within a session, and a sync may take long. */
const ACK_WAIT_MS = 24 * 60 * 60 * 1000
/** No limit for the server: a record in more parts than such a limit would never be whole. The sink limits itself. */
const ACK_PENDING_MAX = -1

export interface PullerOptions {
  /** Names this sink among the sinks of the queue, so that the source can wait for it. */
  readonly name: string
  /** Ends when the sink has everything that was in the stream when it began. */
  readonly once?: boolean
  readonly onNote?: (note: SessionNote) => void
}

export interface PullProgress {
  readonly frames: number
  readonly records: number
  readonly bytes: number
  /** Messages of the stream that the sink has not taken yet, as far as it knows. */
  readonly pending: number
  /** Sessions that failed. */
  readonly failures: number
  /** Why the last session failed; `undefined` when a frame came after it. */
  readonly lastError: string | undefined
}

/**
 * Takes the records of a stream into a replica. Where it is, the replica itself says: its next sequence is looked for in the stream at the start of each session. A message is acknowledged when its records are
 * durable.
 */
export class Puller {
  readonly #sink: ReplicaSink
  readonly #stream: FrameStream
  readonly #options: PullerOptions
  readonly #progress = {
    frames: 0,
    records: 0,
    bytes: 0,
    pending: 0,
    failures: 0,
    lastError: undefined as string | undefined,
  }
  #gapAt: number | undefined
  /** Records below it were met in the stream: the replica has them as the source has them. */
  #met = 0
  /** The last message of this session. */
  #taken: number | undefined

  constructor(sink: ReplicaSink, stream: FrameStream, options: PullerOptions) {
    checkOptions(options, { name: true, once: true, onNote: CALLBACK })
    const { name, once } = options
    checkSinkName(name)
    checkFlag('once', once)
    checkSink(sink)
    checkStream(stream)
    this.#sink = sink
    this.#stream = stream
    this.#options = options
  }

  get progress(): PullProgress {
    return { ...this.#progress }
  }

  /** Where this end is, for tools: the replica's lag to the stream. Asks the server, where one is there. @returns `undefined` before there is a replica. */
  async read(): Promise<BridgeReading | undefined> {
    const { lastError, records, bytes, failures } = this.#progress
    const { queueId, term, nextSequence } = this.#sink
    if (queueId === undefined || nextSequence === undefined) return undefined
    const { name: stream } = this.#stream
    const lag = lastError === undefined ? await this.#lag(nextSequence).catch(() => UNKNOWN_LAG) : UNKNOWN_LAG
    const { name } = this.#options
    return { role: 'pull', name, queueId, term, stream, nextSequence, lag, records, bytes, failures, lastError }
  }

  async #lag(nextSequence: number): Promise<BridgeLag> {
    const message = this.#taken === undefined ? undefined : this.#taken + 1
    return lagOfReplica(this.#stream, { nextSequence, message }, await this.#stream.end())
  }

  /**
   * Pulls until the signal aborts, or with `once` until everything is there.
   *
   * @throws `ERR_DATA_LOST` when the stream was trimmed below the replica, or has a gap; {@link BadBlockError} when it differs from the replica; `ERR_FENCED` when the replica has records
   * that a promoted queue did not have; {@link InvalidArgumentError} when another replica uses the name; `ERR_SERVER_REFUSED`.
   */
  async run(signal: AbortSignal): Promise<void> {
    checkMembers('signal', signal, ['aborted', 'addEventListener'], 'an AbortSignal')
    const { connection } = this.#stream
    await inSessions(() => this.#session(signal), { connection, signal, counts: this.#progress, onNote: this.#options.onNote })
  }

  async #session(signal: AbortSignal): Promise<void> {
    this.#taken = undefined
    const range = await this.#stream.range()
    if (range === undefined) throw new Error(`the stream ${this.#stream.name} does not exist`)
    // A killed predecessor may have left records that are visible and not durable: the new consumer says what is durable.
    await this.#sink.flush()
    const begin = await this.#begin()
    const consumer = await this.#makeConsumer(begin)
    if (this.#options.once === true && begin > range.last) return
    using messages = new MessageFeed(this.#stream, consumer)
    using reconnects = this.#stream.watchReconnects()
    // A server that was killed may have lost messages, and what its consumer knows of them.
    reconnects.signal.addEventListener('abort', () => messages.fail(new Error('the connection was made again')))
    const end = (): void => messages.close()
    signal.addEventListener('abort', end, { once: true })
    // An abort while the server was asked has no event any more.
    if (signal.aborted) end()
    const onFailure = (error: Error): void => messages.fail(error)
    const flusher = new SinkFlusher(this.#sink, { stream: this.#stream, consumer, onFailure, durable: () => this.#durableMet })
    try {
      const last = this.#options.once === true ? range.last : Number.POSITIVE_INFINITY
      await this.#takeAll(messages, flusher, last)
    } finally {
      signal.removeEventListener('abort', end)
      messages.close()
      await flusher.settle()
    }
  }

  /** The message to begin at. The record before the next one is taken again, so that it is compared. */
  async #begin(): Promise<number> {
    const { nextSequence } = this.#sink
    // A stream that never had a message says that its first one is 0.
    if (nextSequence === undefined) return Math.max(1, (await this.#stream.range())?.first ?? 1)
    const found = await this.#stream.find(Math.max(0, nextSequence - 1))
    if (found !== 'trimmed') return found
    // The stream begins with the next record: before it may come the marker of a term, and types.
    if ((await this.#stream.find(nextSequence)) !== 'trimmed') return (await this.#stream.range())?.first ?? 1
    const to = await this.#firstOfStream()
    throw new DataLostError({ directory: this.#sink.directory, from: nextSequence, to })
  }

  async #firstOfStream(): Promise<number> {
    const range = await this.#stream.range()
    return (range === undefined ? undefined : (await this.#stream.frameAt(range.first))?.first) ?? 0
  }

  /** Replaces the consumer of an earlier session: the place at which one begins cannot be changed. */
  async #makeConsumer(begin: number): Promise<string> {
    const consumer = consumerOf(this.#options.name)
    const { manager, name: stream } = this.#stream
    const before = await manager.consumers.info(stream, consumer).catch(noConsumer)
    if (before !== undefined) {
      this.#assertOwn(before)
      await manager.consumers.delete(stream, consumer).catch(noConsumer)
    }
    const replica = replicaAt(this.#sink.directory)
    const note = before === undefined ? undefined : sinkNoteOf(before)
    // What an earlier session met in this stream. A stream that is new has shown nothing: its records may differ from those of the replica.
    this.#met = note?.replica === replica ? note.durable : 0
    await manager.consumers.add(stream, {
      durable_name: consumer,
      description: encodeSinkNote({ durable: this.#durableMet, replica }),
      ack_policy: AckPolicy.All,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, begin),
      ack_wait: ACK_WAIT_MS * NS_PER_MS,
      max_ack_pending: ACK_PENDING_MAX,
    })
    return consumer
  }

  /** What the source may release. Records that only the replica has are not those of the source. */
  get #durableMet(): number {
    return Math.min(this.#met, this.#sink.durableSequence)
  }

  /** Two replicas with one name would take the consumer from each other, and the source would release what one of them does not have. */
  #assertOwn(consumer: ConsumerInfo): void {
    const { replica } = sinkNoteOf(consumer)
    if (replica === replicaAt(this.#sink.directory) || replica === '' || consumer.num_waiting === 0) return
    throw new InvalidArgumentError({
      argument: 'name',
      value: this.#options.name,
      expected: `a name that the replica ${replica} does not use at the moment`,
    })
  }

  async #takeAll(messages: MessageFeed, flusher: SinkFlusher, last: number): Promise<void> {
    for (let message = await messages.next(); message !== undefined; message = await messages.next()) {
      // The server may send a message again, also in the middle of a record that comes in parts.
      if (message.sequence <= (this.#taken ?? 0)) continue
      this.#take(message)
      flusher.taken(message, !this.#sink.isInside)
      // The parts of a record are used until the last one is there.
      if (!this.#sink.isInside) message.release()
      if (message.sequence >= last) break
      if (flusher.isFull) await flusher.room()
    }
    await flusher.end()
  }

  #take(message: FedMessage): void {
    const frame = frameOfMessage(message)
    if (typeof frame === 'string')
      throw new BadBlockError({
        directory: this.#stream.name,
        offset: 0,
        expected: this.#sink.nextSequence ?? 0,
        detail: `message ${message.sequence} of the stream: ${frame}`,
      })
    const before = this.#sink.nextSequence ?? frame.first
    try {
      this.#sink.take(frame)
    } catch (error) {
      throw this.#isFirstGap(error) ? new Error(`the consumer left records out: ${error}`) : error
    }
    if (!this.#sink.isInside) this.#met = Math.max(this.#met, frame.first + frame.count)
    const progress = this.#progress
    progress.frames++
    progress.records += (this.#sink.nextSequence ?? before) - before
    progress.bytes += frame.body.length
    progress.pending = message.pending
    this.#taken = message.sequence
    progress.lastError = undefined
  }

  /**
   * A server that lost messages which it had acknowledged gets them again from the source, and may leave them out for a consumer to which it had delivered them before. The next session looks for them in the stream.
   * Records that are missing there, too, are lost.
   */
  #isFirstGap(error: unknown): boolean {
    const next = this.#sink.nextSequence
    if (!(error instanceof DataLostError) || this.#gapAt === next) return false
    this.#gapAt = next
    return true
  }
}

/** @throws what is not the answer that there is no such consumer. */
function noConsumer(error: unknown): undefined {
  if (error instanceof JetStreamApiError && NO_CONSUMER.has(error.code)) return undefined
  throw error
}
