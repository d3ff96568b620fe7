import { BadBlockError, DataLostError } from '@chronicle-ts/core'
import { checkOptions } from '@chronicle-ts/core/internal'
import { AckPolicy, type ConsumerMessages, DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import type { ReplicaSink } from '../replica/replica-sink.js'
import { frameOfMessage } from './frame-message.js'
import type { FrameStream } from './frame-stream.js'
import { inSessions, type SessionNote } from './passing.js'
import { SINK_PREFIX } from './sink-progress.js'

/** Messages that are taken before they are made durable, while more are there. */
const FLUSH_FRAMES = 64
/** Bytes that the server sends ahead. */
const AHEAD_BYTES = 4 * 1024 * 1024
/** How long a consumer may be silent before the session counts as lost. */
const HEARTBEAT_MS = 2000
const NS_PER_MS = 1_000_000
/** Time after which the server sends a message again that was not acknowledged. */
const ACK_WAIT_MS = 30_000

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
  readonly failures: number
}

/**
 * Takes the records of a stream into a replica. Where it is, the replica itself says: its next sequence is looked for in the stream at the start of each session. A message is acknowledged when its records are
 * durable.
 */
export class Puller {
  readonly #sink: ReplicaSink
  readonly #stream: FrameStream
  readonly #options: PullerOptions
  readonly #progress = { frames: 0, records: 0, bytes: 0, pending: 0, failures: 0 }
  #gapAt: number | undefined

  constructor(sink: ReplicaSink, stream: FrameStream, options: PullerOptions) {
    checkOptions(options, { name: true, once: true, onNote: true })
    this.#sink = sink
    this.#stream = stream
    this.#options = options
  }

  get progress(): PullProgress {
    return { ...this.#progress }
  }

  /**
   * Pulls until the signal aborts, or with `once` until everything is there.
   *
   * @throws `ERR_DATA_LOST` when the stream was trimmed below the replica, or has a gap; {@link BadBlockError} when it differs from the replica; `ERR_FENCED` when the replica has records
   * that a promoted queue did not have.
   */
  async run(signal: AbortSignal): Promise<void> {
    await inSessions(() => this.#session(signal), { signal, counts: this.#progress, onNote: this.#options.onNote })
  }

  async #session(signal: AbortSignal): Promise<void> {
    const range = await this.#stream.range()
    if (range === undefined) throw new Error(`the stream ${this.#stream.name} does not exist`)
    const begin = await this.#begin()
    if (this.#options.once === true && begin > range.last) return
    const messages = await this.#consume(begin)
    const end = (): void => void messages.close()
    signal.addEventListener('abort', end, { once: true })
    // An abort while the server was asked has no event any more.
    if (signal.aborted) end()
    try {
      await this.#takeAll(messages, { signal, last: this.#options.once === true ? range.last : Number.POSITIVE_INFINITY })
    } finally {
      signal.removeEventListener('abort', end)
      await messages.close()
    }
  }

  /** The message to begin at. The record before the next one is taken again, so that it is compared. */
  async #begin(): Promise<number> {
    const { nextSequence } = this.#sink
    if (nextSequence === undefined) return (await this.#stream.range())?.first ?? 1
    const found = await this.#stream.find(Math.max(0, nextSequence - 1))
    if (found !== 'trimmed') return found
    const next = await this.#stream.find(nextSequence)
    if (next !== 'trimmed') return next
    const to = await this.#firstOfStream()
    throw new DataLostError({ directory: this.#sink.directory, from: nextSequence, to })
  }

  async #firstOfStream(): Promise<number> {
    const range = await this.#stream.range()
    return (range === undefined ? undefined : (await this.#stream.frameAt(range.first))?.first) ?? 0
  }

  async #consume(begin: number): Promise<ConsumerMessages> {
    const name = `${SINK_PREFIX}${this.#options.name}`
    const { manager, client, name: stream } = this.#stream
    await manager.consumers.delete(stream, name).catch(() => undefined)
    await manager.consumers.add(stream, {
      durable_name: name,
      ack_policy: AckPolicy.All,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, begin),
      ack_wait: ACK_WAIT_MS * NS_PER_MS,
      max_ack_pending: FLUSH_FRAMES * 8,
    })
    const consumer = await client.consumers.get(stream, name)
    const messages = await consumer.consume({
      max_bytes: AHEAD_BYTES,
      idle_heartbeat: HEARTBEAT_MS,
      abort_on_missing_resource: true,
    })
    void this.#watch(messages)
    return messages
  }

  /** A consumer whose server is gone sends nothing, for as long as that takes: the session ends, and the next one asks the stream. */
  async #watch(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status())
      if (
        type === 'heartbeats_missed' ||
        type === 'consumer_deleted' ||
        type === 'consumer_not_found' ||
        type === 'stream_not_found'
      )
        messages.stop(new Error(`the consumer is silent: ${type}`))
  }

  async #takeAll(messages: ConsumerMessages, { signal, last }: { signal: AbortSignal; last: number }): Promise<void> {
    let unflushed = 0
    for await (const message of messages) {
      this.#take(message)
      unflushed++
      const isLast = message.seq >= last
      if (unflushed < FLUSH_FRAMES && message.info.pending > 0 && !isLast) continue
      if (!this.#sink.isInside) {
        await this.#sink.flush()
        message.ack()
        unflushed = 0
      }
      if (isLast) {
        await this.#stream.connection.flush()
        return
      }
    }
    if (!signal.aborted) throw new Error('the consumer ended')
  }

  #take(message: JsMsg): void {
    const frame = frameOfMessage(message)
    if (typeof frame === 'string')
      throw new BadBlockError({
        directory: this.#stream.name,
        offset: 0,
        expected: this.#sink.nextSequence ?? 0,
        detail: `message ${message.seq} of the stream: ${frame}`,
      })
    const before = this.#sink.nextSequence ?? frame.first
    try {
      this.#sink.take(frame)
    } catch (error) {
      throw this.#isFirstGap(error) ? new Error(`the consumer left records out: ${error}`) : error
    }
    this.#progress.frames++
    this.#progress.records += (this.#sink.nextSequence ?? before) - before
    this.#progress.bytes += frame.body.length
    this.#progress.pending = message.info.pending
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
