import type { CommittedMessage } from '@chronicle-ts/core'
import type { ReplicaSource } from '../source/replica-source.js'
import type { FrameStream } from './frame-stream.js'
import { replicaAt, sinkNoteOf, sinkOf } from './sink-note.js'

/** How often sinks are asked. */
const ASK_INTERVAL_MS = 500
/** Places that are kept while sinks are away; then every second one is dropped, and records are released in larger steps. */
const PLACES_MAX = 4096

/** A place in the source: everything before record `next` may be committed with it. */
interface Published {
  readonly next: number
  readonly place: CommittedMessage
}

/** Commits a source as far as every sink says that it has made it durable. */
export class SinkProgress {
  readonly #stream: FrameStream
  readonly #source: ReplicaSource
  readonly #own: string
  /** Records below it are durable at a sink, by name. A sink that was seen once counts until the push ends, also while it has no consumer. */
  readonly #durable: Map<string, number>
  #published: Published[] = []
  #askedMs = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  /** @param sinks that count although the stream does not know them */
  constructor(stream: FrameStream, source: ReplicaSource, sinks: readonly string[] = []) {
    this.#stream = stream
    this.#source = source
    this.#own = replicaAt(source.reader.directory)
    this.#durable = new Map(sinks.map((name) => [name, 0]))
  }

  /** Forgets places: the session begins where the stream is. */
  beginSession(): void {
    this.#published = []
    this.#failure = undefined
  }

  /** Notes that the records before `next` are in the stream. */
  published(next: number, place: CommittedMessage): void {
    this.#published.push({ next, place })
    if (this.#published.length > PLACES_MAX) this.#published = this.#published.filter((_, index) => index % 2 === 1)
  }

  /** Asks the sinks from time to time, without waiting for the answer, and commits what all of them have. @throws what the last asking met. */
  commitDurable(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    const nowMs = performance.now()
    if (this.#published.length === 0 || this.#asking !== undefined || nowMs - this.#askedMs < ASK_INTERVAL_MS) return
    this.#askedMs = nowMs
    this.#asking = this.#ask()
      .catch((error: unknown) => {
        this.#failure = { error }
      })
      .finally(() => {
        this.#asking = undefined
      })
  }

  /** Waits for an answer that is on its way. */
  async settle(): Promise<void> {
    await this.#asking
  }

  async #ask(): Promise<void> {
    for await (const consumer of this.#stream.manager.consumers.list(this.#stream.name)) {
      const sink = sinkOf(consumer.name)
      // What was durable once stays so: a lower number is an old one.
      if (sink === undefined) continue
      const { durable, replica } = sinkNoteOf(consumer)
      // This queue was a replica itself, and was promoted.
      if (replica !== this.#own) this.#durable.set(sink, Math.max(this.#durable.get(sink) ?? 0, durable))
    }
    const durable = this.#durable.size === 0 ? 0 : Math.min(...this.#durable.values())
    let place: CommittedMessage | undefined
    while ((this.#published[0]?.next ?? Number.POSITIVE_INFINITY) <= durable) place = this.#published.shift()?.place
    if (place !== undefined) this.#source.commit(place)
  }
}
