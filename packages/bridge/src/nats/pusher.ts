import { BadBlockError, FencedError, InvalidArgumentError } from '@chronicle-ts/core'
import { checkOptions, type OptionNames } from '@chronicle-ts/core/internal'
import type { Frame } from '../frames/frame.js'
import { FRAME_BYTES, type Outgoing, type ReplicaSource } from '../source/replica-source.js'
import type { FrameStream, StreamEnd, StreamSettings } from './frame-stream.js'
import { inSessions, type SessionNote } from './passing.js'
import { SinkProgress } from './sink-progress.js'

/** Frames that are on their way at once. */
const IN_FLIGHT = 8
/** Room for the header of a message. */
const HEADER_BYTES = 1024
/** How long a source that has caught up sleeps before it looks after its reader and its sinks. */
const IDLE_MS = 1000
/** Refusals in a row without a frame that was accepted: then something else than another pusher is wrong. */
const REFUSALS_MAX = 1000

export interface PusherOptions extends StreamSettings {
  /** Until when records are held in the source: the stream has them (default), or every sink has made them durable. */
  readonly holdUntil?: 'stream' | 'sink'
  /** Ends when the source has caught up, instead of waiting for more. */
  readonly once?: boolean
  readonly onNote?: (note: SessionNote) => void
}

const NAMES: OptionNames<PusherOptions> = { replicas: true, maxBytes: true, holdUntil: true, once: true, onNote: true }

export interface PushProgress {
  /** Sequence of the record that the stream needs next; `undefined` before the stream was asked. */
  readonly nextSequence: number | undefined
  readonly frames: number
  readonly records: number
  readonly bytes: number
  /** Sessions that failed. */
  readonly failures: number
}

/**
 * Publishes a queue's records to a stream. Where it is, it reads from the stream's last message, at the start and whenever the server refuses a frame. Each frame names the message that it must follow; so nothing
 * is published twice, and two pushers cannot mix their records.
 */
export class Pusher {
  readonly #source: ReplicaSource
  readonly #stream: FrameStream
  readonly #options: PusherOptions
  readonly #sinks: SinkProgress
  readonly #progress: { nextSequence: number | undefined; frames: number; records: number; bytes: number; failures: number } = {
    nextSequence: undefined,
    frames: 0,
    records: 0,
    bytes: 0,
    failures: 0,
  }
  #refusals = 0

  constructor(source: ReplicaSource, stream: FrameStream, options: PusherOptions = {}) {
    checkOptions(options, NAMES)
    this.#source = source
    this.#stream = stream
    this.#options = options
    this.#sinks = new SinkProgress(stream, source)
  }

  get progress(): PushProgress {
    return { ...this.#progress }
  }

  /**
   * Pushes until the signal aborts, or with `once` until the source has caught up.
   *
   * @throws {@link FencedError} `ERR_FENCED` when a replica was promoted; `ERR_DATA_LOST` when the source no longer has what the stream needs; {@link BadBlockError} when the stream holds other records than
   * the source.
   */
  async run(signal: AbortSignal): Promise<void> {
    await inSessions(() => this.#session(signal), { signal, counts: this.#progress, onNote: this.#options.onNote })
  }

  async #session(signal: AbortSignal): Promise<void> {
    const { replicas, maxBytes } = this.#options
    await this.#stream.ensure({ ...(replicas !== undefined && { replicas }), ...(maxBytes !== undefined && { maxBytes }) })
    while (!signal.aborted) {
      const end = await this.#stream.end()
      this.#assertOurs(end)
      const bodyMax = this.#place(end)
      if ((await this.#pushFrom(end, bodyMax, signal)) === 'done') return
      if (++this.#refusals > REFUSALS_MAX) throw new Error('the server refuses every frame')
    }
  }

  /** @throws {@link FencedError}, {@link BadBlockError}. */
  #assertOurs({ last, term }: StreamEnd): void {
    const { queueId, reader } = this.#source
    const ours = this.#source.presentTerm
    if (last === undefined) return
    if (last.queueId !== queueId)
      throw new InvalidArgumentError({
        argument: 'stream',
        value: this.#stream.name,
        expected: `a stream of queue ${queueId}, not of ${last.queueId}`,
      })
    if (term > ours) throw new FencedError({ directory: reader.directory, term: ours, newTerm: term })
  }

  /** Goes to the first record that the stream does not have. @returns bytes of a body at most. */
  #place({ last, next }: StreamEnd): number {
    const serverMax = (this.#stream.connection.info?.max_payload ?? Number.POSITIVE_INFINITY) - HEADER_BYTES
    const bodyMax = Math.min(FRAME_BYTES, serverMax)
    this.#progress.nextSequence = next ?? this.#source.seekEarliest()
    if (next === undefined || last === undefined) return bodyMax
    if (last.count > 0 && last.term === this.#source.term && last.part === last.parts) this.#compareLast(last)
    this.#source.seek(next)
    // The parts of a record that are there give the size of those that are missing.
    return last.part < last.parts ? last.body.length : bodyMax
  }

  /** The last frame was this source's, or that of another one with its name: it must hold the same records. */
  #compareLast(last: Frame): void {
    const { reader } = this.#source
    try {
      this.#source.seek(last.first)
    } catch {
      // Deleted by retention: nothing is left to compare.
      return
    }
    const records = reader.nextBlock(last.body.length)
    if (last.parts > 1 || records === undefined || records.count < last.count) return
    const expected = Buffer.from(records.bytes.subarray(0, last.body.length))
    if (!expected.equals(last.body) && !isCompressed(last.body))
      throw new BadBlockError({
        directory: reader.directory,
        offset: 0,
        expected: last.first,
        detail: 'the stream holds other records than the queue from this sequence on',
      })
  }

  async #pushFrom(end: StreamEnd, bodyMax: number, signal: AbortSignal): Promise<'done' | 'refused'> {
    const flight = new Flight()
    let lastSequence = end.lastSequence
    // Parts of a record that the stream has already.
    let skip = end.last !== undefined && end.last.part < end.last.parts ? end.last.part : 0
    while (!signal.aborted) {
      const outgoing = flight.size < IN_FLIGHT ? this.#source.next(bodyMax) : undefined
      if (outgoing !== undefined) {
        const accepted = outgoing.frames.slice(skip).map((frame) => this.#stream.publish(frame, lastSequence++))
        skip = 0
        flight.add(outgoing, accepted, lastSequence)
        continue
      }
      if (flight.size > 0) {
        const arrived = await flight.first()
        if (arrived === 'refused') return 'refused'
        await this.#arrived(arrived)
        continue
      }
      await this.#sinks.commitDurable(this.#options.holdUntil)
      if (this.#options.once === true) return 'done'
      await this.#source.reader.waitAsync({ signal, timeoutMs: IDLE_MS }).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
    }
    await flight.settle()
    return 'done'
  }

  async #arrived({ outgoing, lastSequence }: Arrived): Promise<void> {
    this.#refusals = 0
    this.#progress.nextSequence = outgoing.first + outgoing.count
    this.#progress.frames += outgoing.frames.length
    this.#progress.records += outgoing.count
    this.#progress.bytes += outgoing.length
    if (this.#options.holdUntil === 'sink') await this.#sinks.published(lastSequence, outgoing.place)
    else this.#source.commit(outgoing.place)
  }
}

interface Arrived {
  readonly outgoing: Outgoing
  /** Sequence of its last message in the stream. */
  readonly lastSequence: number
}

/** Frames on their way, in order. */
class Flight {
  readonly #waiting: (Arrived & { readonly accepted: readonly Promise<boolean>[] })[] = []

  get size(): number {
    return this.#waiting.length
  }

  add(outgoing: Outgoing, accepted: readonly Promise<boolean>[], lastSequence: number): void {
    // A failure is met where it is awaited; until then it must not count as unhandled.
    for (const promise of accepted) promise.catch(() => undefined)
    this.#waiting.push({ outgoing, accepted, lastSequence })
  }

  /** Waits for the oldest. After a refusal all that follow are refused, too, and are waited for. */
  async first(): Promise<Arrived | 'refused'> {
    const first = this.#waiting.shift() as Arrived & { readonly accepted: readonly Promise<boolean>[] }
    const accepted = await Promise.all(first.accepted)
    if (accepted.every(Boolean)) return first
    await this.settle()
    return 'refused'
  }

  async settle(): Promise<void> {
    await Promise.allSettled(this.#waiting.splice(0).flatMap(({ accepted }) => accepted))
  }
}

const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

function isCompressed(body: Uint8Array): boolean {
  return ZSTD_MAGIC.equals(body.subarray(0, ZSTD_MAGIC.length))
}
