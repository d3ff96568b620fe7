import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplicaSink } from '../replica/replica-sink.js'
import type { FedMessage } from './fed-message.js'
import type { FrameStream } from './frame-stream.js'
import { encodeSinkNote, replicaAt } from './sink-note.js'

/** Time between two syncs: each costs the disk, and a message for the server, and the source is notified less often anyway. */
const FLUSH_PAUSE_MS = 50
/** How often the source is notified of what is durable. */
const REPORT_INTERVAL_MS = 250
/** Time for the last report of a session. */
const LAST_REPORT_MS = 1000
/** What may be taken and not durable yet. More waits in the server: a slow disk slows the stream, and takes no memory. */
export const UNDURABLE_BYTES_MAX = 16 * 1024 * 1024
/** What a message counts besides its body: the server remembers each one that is not acknowledged. */
const MESSAGE_BYTES = 1024

/**
 * Makes a replica durable while the next frames are taken: one sync at a time, for everything that was taken before it. Then the last message of these is acknowledged, and the source is notified, now
 * and then.
 */
export class SinkFlusher {
  readonly #sink: ReplicaSink
  readonly #stream: FrameStream
  readonly #consumer: string
  readonly #onFailure: (error: Error) => void
  readonly #durable: () => number
  /** The last whole message that was taken and is not part of a flush yet. */
  #taken: FedMessage | undefined
  /** Of all messages of the session, up to the last one, the last whole record, and the last durable one. */
  #takenBytes = 0
  #wholeBytes = 0
  #durableBytes = 0
  #flushing: Promise<void> | undefined
  #isEnding = false
  #endPause: () => void = () => undefined
  #onFlushed: () => void = () => undefined
  #failure: { readonly error: unknown } | undefined
  #reported: number
  #reportedMs = performance.now()
  #nextReport: NodeJS.Timeout | undefined
  #isSettled = false

  /** @param options.onFailure called when a flush fails: no other message may come */
  constructor(
    sink: ReplicaSink,
    options: {
      readonly stream: FrameStream
      readonly consumer: string
      readonly onFailure: (error: Error) => void
      readonly durable: () => number
    },
  ) {
    this.#sink = sink
    this.#stream = options.stream
    this.#consumer = options.consumer
    this.#onFailure = options.onFailure
    this.#durable = options.durable
    this.#reported = options.durable()
  }

  /**
   * Notes that the sink has this message.
   *
   * @param isWhole whether no record is in pieces
   * @throws what the last flush met.
   */
  taken(message: FedMessage, isWhole: boolean): void {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#takenBytes += message.length + MESSAGE_BYTES
    if (!isWhole) return
    this.#taken = message
    this.#wholeBytes = this.#takenBytes
    this.#flushing ??= this.#flushAll()
    if (this.#isWorthFlush) this.#endPause()
  }

  /** Whether {@link room} would wait. A record in pieces is taken as a whole. */
  get isFull(): boolean {
    return this.#wholeBytes === this.#takenBytes && this.#wholeBytes - this.#durableBytes >= UNDURABLE_BYTES_MAX
  }

  /** Waits until more may be taken. @throws what the flush met. */
  async room(): Promise<void> {
    while (this.isFull && this.#failure === undefined)
      await new Promise<void>((resolve) => {
        this.#onFlushed = resolve
      })
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Waits until everything is durable that was taken, and for a moment until the source has been notified. @throws what the last flush met. */
  async end(): Promise<void> {
    await this.settle()
    if (this.#failure !== undefined) throw this.#failure.error
    const told = this.#report().then(() => this.#stream.connection.flush())
    // A server that is away does not hold up the end.
    await Promise.race([told.catch(() => undefined), sleep(LAST_REPORT_MS, undefined, { ref: false })])
  }

  /** Waits for the flush that is under way, and reports nothing more. */
  async settle(): Promise<void> {
    this.#isEnding = true
    this.#endPause()
    await this.#flushing
    this.#isSettled = true
    clearTimeout(this.#nextReport)
  }

  async #flushAll(): Promise<void> {
    try {
      for (let message = this.#taken; message !== undefined; message = this.#taken) {
        this.#taken = undefined
        const bytes = this.#wholeBytes
        await this.#sink.flush()
        this.#durableBytes = bytes
        this.#onFlushed()
        message.ack()
        this.#reportSoon()
        await this.#pause()
      }
    } catch (error) {
      this.#failure = { error }
      this.#onFlushed()
      this.#onFailure(error as Error)
    } finally {
      this.#flushing = undefined
    }
  }

  /** Until the next sync is worth it: after a while, or when much was taken. */
  async #pause(): Promise<void> {
    if (this.#isEnding || this.#isWorthFlush) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FLUSH_PAUSE_MS)
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Early enough that the next messages are taken while the disk works. */
  get #isWorthFlush(): boolean {
    return this.#wholeBytes - this.#durableBytes >= UNDURABLE_BYTES_MAX / 2
  }

  /** Also when no other message comes: a source that gets no notice holds its records. */
  #reportSoon(): void {
    if (this.#nextReport !== undefined || this.#isSettled) return
    const pauseMs = Math.max(0, this.#reportedMs + REPORT_INTERVAL_MS - performance.now())
    this.#nextReport = setTimeout(() => {
      this.#nextReport = undefined
      // A server that is away is asked again, until the session ends.
      this.#report().catch(() => this.#reportSoon())
    }, pauseMs)
    this.#nextReport.unref()
  }

  async #report(): Promise<void> {
    const durable = this.#durable()
    this.#reportedMs = performance.now()
    if (durable === this.#reported) return
    const description = encodeSinkNote({ durable, replica: replicaAt(this.#sink.directory) })
    await this.#stream.manager.consumers.update(this.#stream.name, this.#consumer, { description })
    this.#reported = durable
  }
}
