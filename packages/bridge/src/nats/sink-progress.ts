import type { CommittedMessage } from '@chronicle-ts/core'
import type { ReplicaSource } from '../source/replica-source.js'
import type { FrameStream } from './frame-stream.js'

/** Names of the consumers of sinks begin with it. */
export const SINK_PREFIX = 'chronicle-sink-'

/** How often sinks are asked. */
const ASK_INTERVAL_MS = 500

/** Commits a source as far as every sink has made it durable: a sink acknowledges a message of the stream after its flush. */
export class SinkProgress {
  readonly #stream: FrameStream
  readonly #source: ReplicaSource
  readonly #published: { readonly lastSequence: number; readonly place: CommittedMessage }[] = []
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(stream: FrameStream, source: ReplicaSource) {
    this.#stream = stream
    this.#source = source
  }

  /** Notes that records are in the stream up to this message. */
  async published(lastSequence: number, place: CommittedMessage): Promise<void> {
    this.#published.push({ lastSequence, place })
    await this.#commit()
  }

  /** Commits what every sink has, where that is what counts. */
  async commitDurable(holdUntil: 'stream' | 'sink' | undefined): Promise<void> {
    if (holdUntil === 'sink') await this.#commit()
  }

  async #commit(): Promise<void> {
    const nowMs = performance.now()
    if (this.#published.length === 0 || nowMs - this.#askedMs < ASK_INTERVAL_MS) return
    this.#askedMs = nowMs
    const durable = await durableAtSinks(this.#stream)
    let place: CommittedMessage | undefined
    while ((this.#published[0]?.lastSequence ?? Number.POSITIVE_INFINITY) <= durable) place = this.#published.shift()?.place
    if (place !== undefined) this.#source.commit(place)
  }
}

/** Returns the last message of the stream that every sink has made durable; 0 without a sink. */
export async function durableAtSinks(stream: FrameStream): Promise<number> {
  let durable = Number.POSITIVE_INFINITY
  for await (const consumer of stream.manager.consumers.list(stream.name))
    if (consumer.name.startsWith(SINK_PREFIX)) durable = Math.min(durable, consumer.ack_floor.stream_seq)
  return Number.isFinite(durable) ? durable : 0
}
