import { BadBlockError } from '@chronicle-ts/core'
import { checkMembers, checkOptions, type OptionNames, TEXT } from '@chronicle-ts/core/internal'
import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { BegunFrame, Frame } from '../frames/frame.js'
import { FrameAssembler, type WholeFrame } from '../frames/frame-assembler.js'
import { FrameChain } from './frame-chain.js'
import { frameOfMessage } from './frame-message.js'
import { checkStreamName, checkSubject } from './nats-names.js'
import { unusableStream } from './refusals.js'

/** Which stream carries a queue. */
export interface StreamNames {
  /** Default `chronicle-<queueId>`. */
  readonly stream?: string
  /** Default `chronicle.<queueId>.data`. */
  readonly subject?: string
}

export const STREAM_NAMES: OptionNames<StreamNames> = { stream: TEXT, subject: TEXT }

/** How a stream is made that does not exist. A stream that exists stays as it is. */
export interface StreamSettings {
  /** Servers that keep it. Default 1. */
  readonly replicas?: number
  /** Bytes that it keeps, the newest. Default: all. */
  readonly maxBytes?: number
}

/** Where the frames of a stream end. */
export interface StreamEnd {
  /** Sequence of the last message of the stream, which is not that of a record; 0 for one that never had any. */
  readonly lastSequence: number
  /** Sequence of the first message that the stream still has; 0 without any. */
  readonly firstSequence: number
  /** The last frame; `undefined` in a stream without frames. */
  readonly last: Frame | undefined
  /** A frame of which the last parts are missing; `undefined` when the last frame is whole. */
  readonly begun: BegunFrame | undefined
  /** The last records that are there as a whole, as far as they are near the end. */
  readonly lastRecords: WholeFrame | undefined
  /** Sequence of the record that follows; `undefined` as {@link last}. The first one of a frame whose parts are not all there. */
  readonly next: number | undefined
  /** Highest term; 0 without frames. */
  readonly term: number
}

/** Errors of the server. */
const STREAM_NOT_FOUND = 10_059
const NO_MESSAGE = 10_037

/** Frames before the last one that are looked at for records. */
const LOOK_BACK_MAX = 256

/** The stream of one queue, seen from either end. */
export class FrameStream {
  readonly #client: JetStreamClient
  readonly #manager: JetStreamManager

  private constructor(
    readonly connection: NatsConnection,
    manager: JetStreamManager,
    readonly name: string,
    readonly subject: string,
  ) {
    this.#client = jetstream(connection)
    this.#manager = manager
  }

  /** @throws `ERR_INVALID_ARGUMENT` for names that a server does not take. */
  static async of(connection: NatsConnection, queueId: string, names: StreamNames = {}): Promise<FrameStream> {
    checkOptions(names, STREAM_NAMES)
    const { stream = `chronicle-${queueId}`, subject = `chronicle.${queueId}.data` } = names
    checkStreamName(stream)
    checkSubject(subject)
    // Without a look at the account, which a server that is about to start would refuse.
    const manager = await jetstreamManager(connection, { checkAPI: false })
    return new FrameStream(connection, manager, stream, subject)
  }

  get manager(): JetStreamManager {
    return this.#manager
  }

  get client(): JetStreamClient {
    return this.#client
  }

  /** Makes the stream, when it does not exist. @throws `ERR_INVALID_ARGUMENT` for a stream that replication cannot use. */
  async ensure(settings: StreamSettings = {}): Promise<void> {
    const info = await this.#info()
    if (info !== undefined) {
      const { subjects = [], retention } = info.config
      if (!subjects.some((pattern) => matches(pattern, this.subject)))
        throw unusableStream(this.name, `a stream that takes the subject ${this.subject}, not ${subjects.join(', ')}`)
      if (retention !== RetentionPolicy.Limits)
        throw unusableStream(
          this.name,
          `a stream with limits, which keeps what was acknowledged, not with retention ${retention}`,
        )
      return
    }
    await this.#manager.streams.add({
      name: this.name,
      subjects: [this.subject],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      num_replicas: settings.replicas ?? 1,
      ...(settings.maxBytes === undefined ? {} : { max_bytes: settings.maxBytes }),
    })
  }

  /** Returns the first and last sequence of the stream; `undefined` when there is no stream. */
  async range(): Promise<
    { readonly first: number; readonly last: number; readonly messages: number; readonly bytes: number } | undefined
  > {
    const info = await this.#info()
    if (info === undefined) return undefined
    const { state } = info
    return { first: state.first_seq, last: state.last_seq, messages: state.messages, bytes: state.bytes }
  }

  async #info(): Promise<StreamInfo | undefined> {
    try {
      return await this.#manager.streams.info(this.name)
    } catch (error) {
      if (isApiError(error, STREAM_NOT_FOUND)) return undefined
      throw error
    }
  }

  /** Watches for connections that were made again: the server may have lost what it had. */
  watchReconnects(): Reconnects {
    return new Reconnects(this.connection)
  }

  /** Reads where the frames end, from the stream itself. */
  async end(): Promise<StreamEnd> {
    const range = await this.range()
    const lastSequence = range?.last ?? 0
    const firstSequence = range?.first ?? 0
    const found = range === undefined || range.messages === 0 ? undefined : await this.#lastFrame(range)
    if (range === undefined || found === undefined)
      return { lastSequence, firstSequence, last: undefined, begun: undefined, lastRecords: undefined, next: undefined, term: 0 }
    const { frame: last } = found
    const isWhole = last.part === last.parts
    const next = isWhole ? last.first + last.count : last.first
    const firstPart = isWhole ? undefined : await this.frameAt(found.sequence - last.part + 1)
    const begun = firstPart === undefined ? undefined : { firstPart, last }
    const lastRecords = await this.#lastRecords(found, range.first)
    return { lastSequence, firstSequence, last, begun, lastRecords, next, term: last.term }
  }

  /** Returns the frame of a message of the stream; `undefined` when it was deleted. @throws {@link BadBlockError} for a message that is not a frame. */
  async frameAt(sequence: number): Promise<Frame | undefined> {
    return (await this.messageAt(sequence))?.frame
  }

  /** {@link frameAt}, and when the server stored it, in milliseconds of the server's clock. */
  async messageAt(sequence: number): Promise<{ readonly frame: Frame; readonly storedMs: number } | undefined> {
    const message = await this.#manager.streams.getMessage(this.name, { seq: sequence }).catch((error: unknown) => {
      if (isApiError(error, NO_MESSAGE)) return null
      throw error
    })
    if (message === null) return undefined
    const frame = frameOfMessage({ headers: message.header, data: message.data })
    if (typeof frame !== 'string') return { frame, storedMs: message.time.getTime() }
    throw new BadBlockError({
      directory: this.name,
      offset: 0,
      expected: sequence,
      detail: `message ${sequence} of the stream: ${frame}`,
    })
  }

  /**
   * Publishes a frame as the message after `lastSequence`: the server refuses it when another one is there.
   *
   * @returns false when it was refused.
   */
  async publish(frame: Frame, lastSequence: number): Promise<boolean> {
    return await new FrameChain(this, lastSequence).publish(frame)
  }

  /**
   * Finds the last message whose frame begins at or before a record, by bisection: frames are in order. Returns that of its first part.
   *
   * @returns the sequence of the message; `'trimmed'` when the stream begins after the record.
   */
  async find(record: number): Promise<number | 'trimmed'> {
    const range = await this.range()
    if (range === undefined || range.messages === 0) return (range?.last ?? 0) + 1
    let low = range.first
    let high = range.last
    if (((await this.#beginAtOrAfter(low, high))?.frame.first ?? 0) > record) return 'trimmed'
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const found = await this.#beginAtOrAfter(middle, high)
      if (found === undefined || found.frame.first > record) high = middle - 1
      else low = found.sequence
    }
    const frame = await this.frameAt(low)
    return frame === undefined ? low : Math.max(range.first, low - frame.part + 1)
  }

  /** The last message that was not deleted. */
  async #lastFrame({
    first,
    last,
  }: {
    readonly first: number
    readonly last: number
  }): Promise<{ readonly frame: Frame; readonly sequence: number } | undefined> {
    for (let sequence = last; sequence >= first; sequence--) {
      const frame = await this.frameAt(sequence)
      if (frame !== undefined) return { frame, sequence }
    }
    return undefined
  }

  /** Markers and companions without a record between them are few. A record of which only the first parts are there is passed. */
  async #lastRecords(last: { readonly frame: Frame; readonly sequence: number }, first: number): Promise<WholeFrame | undefined> {
    for (let looks = 0, { sequence } = last; sequence >= first && looks < LOOK_BACK_MAX; looks++) {
      const frame = sequence === last.sequence ? last.frame : await this.frameAt(sequence)
      const isEnd = frame !== undefined && frame.count > 0 && frame.part === frame.parts
      const whole = isEnd ? await this.#wholeOf(frame, sequence) : undefined
      if (whole !== undefined) return whole
      sequence -= frame?.part ?? 1
    }
    return undefined
  }

  /** The frame of which this message has the last part. */
  async #wholeOf(last: Frame, sequence: number): Promise<WholeFrame | undefined> {
    const assembler = new FrameAssembler()
    for (let part = 1; part <= last.parts; part++) {
      const frame = part === last.parts ? last : await this.frameAt(sequence - last.parts + part)
      const whole = frame === undefined ? undefined : assembler.take(frame)
      if (typeof whole === 'object') return whole
    }
    return undefined
  }

  /** The first message from here on that was not deleted. */
  async #beginAtOrAfter(from: number, to: number): Promise<{ readonly sequence: number; readonly frame: Frame } | undefined> {
    for (let sequence = from; sequence <= to; sequence++) {
      const frame = await this.frameAt(sequence)
      if (frame !== undefined) return { sequence, frame }
    }
    return undefined
  }
}

/** A signal that aborts when the connection was made again, or is closed. */
export class Reconnects {
  readonly #events: AsyncIterable<{ readonly type: string }> & { stop?: () => void }
  #abort = new AbortController()

  constructor(connection: NatsConnection) {
    this.#events = connection.status()
    void this.#follow()
    // Given up by the client: what is asked next says why.
    void connection.closed().then(() => this.#abort.abort())
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Begins to watch again: what happened before is known. */
  forget(): void {
    if (this.#abort.signal.aborted) this.#abort = new AbortController()
  }

  [Symbol.dispose](): void {
    this.#events.stop?.()
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#events) if (type === 'reconnect') this.#abort.abort()
  }
}

/** Whether a subject is one of a pattern's, by the rules of NATS. */
function matches(pattern: string, subject: string): boolean {
  const words = subject.split('.')
  const parts = pattern.split('.')
  const isSame = (part: string, index: number): boolean => part === '*' || part === words[index]
  if (parts.at(-1) === '>') return words.length >= parts.length && parts.slice(0, -1).every(isSame)
  return parts.length === words.length && parts.every(isSame)
}

function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code
}

/** @throws `ERR_INVALID_ARGUMENT` */
export function checkStream(stream: unknown): void {
  checkMembers('stream', stream, ['subject', 'publish', 'frameAt'], 'a FrameStream')
}
