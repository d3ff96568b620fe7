import { setTimeout as sleep } from 'node:timers/promises'
import { BadBlockError, type CommittedMessage, FencedError, InvalidArgumentError, QueueReader } from '@chronicle-ts/core'
import { CALLBACK, COUNT_FROM_ONE, checkFlag, checkMembers, checkOptions, type OptionNames } from '@chronicle-ts/core/internal'
import { decompress } from '../frames/compression.js'
import { type BegunFrame, partsThere, termMarker } from '../frames/frame.js'
import type { WholeFrame } from '../frames/frame-assembler.js'
import type { BridgeReading } from '../progress/progress-writer.js'
import { firstDifference } from '../replica/compare-records.js'
import { checkReplicaSource, FRAME_BYTES, type Outgoing, type ReplicaSource } from '../source/replica-source.js'
import { type BridgeLag, UNKNOWN_LAG } from './bridge-lag.js'
import { Flight, type Sent } from './flight.js'
import { FrameChain } from './frame-chain.js'
import { checkStream, type FrameStream, type StreamEnd, type StreamSettings } from './frame-stream.js'
import { checkSinkName } from './nats-names.js'
import { inSessions, type SessionNote } from './passing.js'
import { unusableStream } from './refusals.js'
import { SentCompanions } from './sent-companions.js'
import { SinkProgress } from './sink-progress.js'

/** Bytes of records below which a frame is short: a pause follows, because a single record costs as much as a whole frame. An arrival ends the pause. */
const SHORT_FRAME_BYTES = FRAME_BYTES / 2
const PAUSE_MS = 1
/** Room for the header of a message. */
const HEADER_BYTES = 1024
/** How long after the last records a push looks for more after each pause. It does not ask the writer to wake it then: that costs an append a system call. */
const BUSY_MS = 10
/** How long a source that has caught up sleeps before it looks after its reader, its sinks and the end of the stream. */
const IDLE_MS = 1000
/** Refusals in a row without a frame that was accepted: then something else than another pusher is wrong. */
const REFUSALS_MAX = 1000
/** Bytes that the body of the last message may decompress to. */
const DECOMPRESSED_MAX = 2 ** 31

export interface PusherOptions extends StreamSettings {
  /** Until when records are held in the source: the stream has them (default), or every sink has made them durable. */
  readonly holdUntil?: 'stream' | 'sink'
  /** With `holdUntil: 'sink'`: sinks that count from the start. Without them a sink counts from when the stream shows it, and none is known to a stream that was lost. */
  readonly sinks?: readonly string[]
  /** Ends when the source has caught up, instead of waiting for more. */
  readonly once?: boolean
  readonly onNote?: (note: SessionNote) => void
}

const NAMES: OptionNames<PusherOptions> = {
  replicas: COUNT_FROM_ONE,
  maxBytes: COUNT_FROM_ONE,
  holdUntil: true,
  sinks: true,
  once: true,
  onNote: CALLBACK,
}

function checkPusherOptions(options: PusherOptions): void {
  checkOptions(options, NAMES)
  const { holdUntil = 'stream', sinks, once } = options
  checkFlag('once', once)
  if (holdUntil !== 'stream' && holdUntil !== 'sink')
    throw new InvalidArgumentError({ argument: 'holdUntil', value: holdUntil, expected: 'stream or sink' })
  if (sinks !== undefined && holdUntil === 'stream')
    throw new InvalidArgumentError({ argument: 'sinks', value: sinks, expected: "holdUntil: 'sink' beside it" })
  if (sinks === undefined) return
  if (!Array.isArray(sinks)) throw new InvalidArgumentError({ argument: 'sinks', value: sinks, expected: 'names of sinks' })
  // One that no pull can have would hold records forever.
  for (const sink of sinks) checkSinkName(sink, 'sinks')
}

export interface PushProgress {
  /** Sequence of the record that the stream needs next; `undefined` before the stream was asked. */
  readonly nextSequence: number | undefined
  readonly frames: number
  readonly records: number
  readonly bytes: number
  /** Sessions that failed. */
  readonly failures: number
  /** Why the last session failed; `undefined` when a frame came after it, or the stream has everything. */
  readonly lastError: string | undefined
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
  readonly #companions: SentCompanions
  readonly #progress = {
    nextSequence: undefined as number | undefined,
    frames: 0,
    records: 0,
    bytes: 0,
    failures: 0,
    lastError: undefined as string | undefined,
  }
  #refusals = 0
  /** When records were sent last. */
  #sentMs = Number.NEGATIVE_INFINITY
  /** On its way to the stream, and since when something is. */
  #sent = { records: 0, bytes: 0, sinceMs: 0 }

  constructor(source: ReplicaSource, stream: FrameStream, options: PusherOptions = {}) {
    checkPusherOptions(options)
    checkReplicaSource(source)
    checkStream(stream)
    this.#source = source
    this.#stream = stream
    this.#options = options
    this.#sinks = new SinkProgress(stream, source, options.sinks)
    this.#companions = new SentCompanions(source, stream)
  }

  get progress(): PushProgress {
    return { ...this.#progress }
  }

  /** Where this end is, for tools: the stream's lag to the source. */
  read(): BridgeReading {
    const { lastError, nextSequence, records, bytes, failures } = this.#progress
    const { queueId, term, reader } = this.#source
    const lag = nextSequence === undefined ? UNKNOWN_LAG : this.#lag()
    return {
      role: 'push',
      name: reader instanceof QueueReader ? reader.name : '',
      queueId,
      term,
      stream: this.#stream.name,
      nextSequence,
      lag,
      records,
      bytes,
      failures,
      lastError,
    }
  }

  /**
   * Pushes until the signal aborts, or with `once` until the source has caught up.
   *
   * @throws {@link FencedError} `ERR_FENCED` when a replica was promoted; `ERR_DATA_LOST` when the source no longer has what the stream needs; {@link BadBlockError} when the stream holds other records than
   * the source; `ERR_INVALID_ARGUMENT` for a stream of something else; `ERR_SERVER_REFUSED`.
   */
  async run(signal: AbortSignal): Promise<void> {
    checkMembers('signal', signal, ['aborted', 'addEventListener'], 'an AbortSignal')
    const { connection } = this.#stream
    await inSessions(() => this.#session(signal), { connection, signal, counts: this.#progress, onNote: this.#options.onNote })
  }

  /** @internal What a push looks after now and then: whether the stream still has what sinks need to read the records. */
  async lookAfterCompanions(): Promise<void> {
    await this.#companions.lookNow()
  }

  /** What the source's reader has before it, and what is on its way: no look into the segments, which would hold up the records. */
  #lag(): BridgeLag {
    const { messages, bytes, ns } = this.#source.reader.lag()
    const sent = this.#sent
    const sentSeconds = sent.records === 0 ? 0 : (performance.now() - sent.sinceMs) / 1000
    return {
      messages: messages + sent.records,
      bytes: bytes + sent.bytes,
      seconds: Math.max(Number(ns) / 1e9, sentSeconds),
    }
  }

  async #session(signal: AbortSignal): Promise<void> {
    using reconnects = this.#stream.watchReconnects()
    this.#sinks.beginSession()
    while (!signal.aborted) {
      reconnects.forget()
      await this.#stream.ensure(this.#options)
      const end = await this.#stream.end()
      this.#assertOwn(end)
      const bodyMax = this.#place(end)
      if (!(await this.#enterTerm(end))) continue
      await this.#companions.beginSession(end)
      const ended = await this.#pushFrom(end, bodyMax, AbortSignal.any([signal, reconnects.signal]))
      if (ended === 'done' && (signal.aborted || !reconnects.signal.aborted)) return
      if (ended === 'refused' && ++this.#refusals > REFUSALS_MAX) throw new Error('the server refuses every frame')
    }
  }

  /** @throws {@link FencedError}; `ERR_INVALID_ARGUMENT`. */
  #assertOwn({ last, term }: StreamEnd): void {
    const { queueId, reader } = this.#source
    const own = this.#source.term
    if (last === undefined) return
    if (last.queueId !== queueId) throw unusableStream(this.#stream.name, `a stream of queue ${queueId}, not of ${last.queueId}`)
    if (term > own) throw new FencedError({ directory: reader.directory, term: own, newTerm: term })
  }

  /** Goes to the first record that the stream does not have. @returns bytes of a body at most. */
  #place({ lastRecords, next }: StreamEnd): number {
    const serverMax = (this.#stream.connection.info?.max_payload ?? Number.POSITIVE_INFINITY) - HEADER_BYTES
    this.#progress.nextSequence = next ?? this.#source.seekEarliest()
    this.#sent = { records: 0, bytes: 0, sinceMs: 0 }
    if (next !== undefined) {
      if (lastRecords !== undefined) this.#compareLast(lastRecords)
      // The stream had it before this session.
      const place = this.#source.seekAfterPrevious(next)
      if (place !== undefined) this.#inStream(next, place)
    }
    return Math.min(FRAME_BYTES, serverMax)
  }

  /** The last records were this source's, or those of another copy of the queue: they must be the same. */
  #compareLast(last: WholeFrame): void {
    const bytes = decompress(last.body, DECOMPRESSED_MAX)
    const { directory } = this.#source.reader
    const sequence = firstDifference(directory, { bytes, first: last.first })
    if (sequence === undefined) return
    throw new BadBlockError({
      directory,
      offset: 0,
      expected: sequence,
      detail: 'the stream holds other records than the queue from this sequence on',
    })
  }

  /** A stream that was lost, and that a source of an older term filled again, must show that its term is over. @returns false when another message came in between. */
  async #enterTerm({ term, lastSequence, next }: StreamEnd): Promise<boolean> {
    const { queueId } = this.#source
    const own = this.#source.term
    if (term >= own || next === undefined) return true
    await this.#stream.publish(termMarker({ queueId, term: own, first: next }), lastSequence)
    return false
  }

  async #pushFrom(end: StreamEnd, bodyMax: number, signal: AbortSignal): Promise<'done' | 'refused' | 'moved'> {
    const chain = new FrameChain(this.#stream, end.lastSequence)
    const flight = new Flight((frame) => chain.publish(frame), signal)
    let message = end.lastSequence + 1
    let { begun } = end
    let pauses = false
    while (!signal.aborted) {
      const { isFull } = flight
      const outgoing: Outgoing | undefined = isFull || pauses ? undefined : this.#source.next(bodyMax)
      if (outgoing !== undefined) {
        const sent = this.#withoutThere(outgoing, begun, message)
        begun = undefined
        message += sent.companions.length + sent.frames.length
        flight.add(sent)
        pauses = outgoing.length < SHORT_FRAME_BYTES
        this.#send(outgoing)
        this.#companions.look()
        continue
      }
      pauses = false
      if (!flight.isEmpty) {
        const arrived = await flight.first(isFull ? undefined : PAUSE_MS)
        if (arrived === 'pending') continue
        if (arrived === 'refused') return 'refused'
        if (arrived === 'abandoned') break
        this.#arrived(arrived)
        continue
      }
      if (this.#companions.caughtUp()) continue
      const ended = await this.#idle(message - 1, signal)
      if (ended !== undefined) return ended
    }
    return 'done'
  }

  /** Leaves out the parts that an earlier attempt published. The parts of a record stay together: where that attempt broke off between them, the companions wait for the next records. */
  #withoutThere(outgoing: Outgoing, begun: BegunFrame | undefined, message: number): Sent {
    const there = partsThere(outgoing.frames, begun)
    if (there === 0) return { ...outgoing, message }
    if (outgoing.companions.length > 0) this.#companions.repeat()
    return { ...outgoing, companions: [], frames: outgoing.frames.slice(there), message }
  }

  /** The source has caught up: waits for more. @returns how the pushing ends, when it does. */
  async #idle(lastMessage: number, signal: AbortSignal): Promise<'done' | 'moved' | undefined> {
    this.#progress.lastError = undefined
    if (this.#options.holdUntil === 'sink') this.#sinks.commitDurable()
    this.#companions.look()
    if (this.#options.once === true) {
      await this.#sinks.settle()
      return 'done'
    }
    if (performance.now() - this.#sentMs < BUSY_MS) {
      await sleep(PAUSE_MS)
      return undefined
    }
    const outcome = await this.#source.reader.waitAsync({ signal, timeoutMs: IDLE_MS }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    return outcome === 'timeout' && (await this.#hasMoved(lastMessage)) ? 'moved' : undefined
  }

  /** Whether the stream ends with another message than the last one of this push: a replica was promoted, or the server lost messages. What a server does not answer is met by the next frame. */
  async #hasMoved(lastMessage: number): Promise<boolean> {
    try {
      return (await this.#stream.range())?.last !== lastMessage
    } catch {
      return false
    }
  }

  #send({ count, length }: Outgoing): void {
    this.#sentMs = performance.now()
    if (this.#sent.records === 0) this.#sent.sinceMs = this.#sentMs
    this.#sent.records += count
    this.#sent.bytes += length
  }

  #arrived({ message, companions, frames, first, count, length, place }: Sent): void {
    const progress = this.#progress
    if (companions.length > 0) this.#companions.arrived(companions, message)
    this.#refusals = 0
    progress.nextSequence = first + count
    progress.frames += companions.length + frames.length
    progress.records += count
    progress.bytes += length
    this.#sent.records -= count
    this.#sent.bytes -= length
    this.#sent.sinceMs = performance.now()
    progress.lastError = undefined
    if (place === undefined) return
    this.#companions.recordsArrived()
    this.#inStream(first + count, place)
  }

  #inStream(next: number, place: CommittedMessage): void {
    if (this.#options.holdUntil === 'sink') {
      this.#sinks.published(next, place)
      this.#sinks.commitDurable()
    } else this.#source.commit(place)
  }
}
