import {
  type Block,
  type CommittedMessage,
  DataLostError,
  InvalidArgumentError,
  type MessageSource,
  openObserver,
  QueueReader,
} from '@chronicle-ts/core'
import { COUNT_FROM_ONE, checkMembers, checkOptions, checkSource, oneOf, RECORD_HEADER_LENGTH } from '@chronicle-ts/core/internal'
import { CompanionWatch } from '../companions/companion-watch.js'
import { companionFrames } from '../companions/companions.js'
import { assertCompression, compress } from '../frames/compression.js'
import { type Frame, framesOf } from '../frames/frame.js'
import { readIdentity } from '../replica/replica-identity.js'

/** Bytes of records in a frame: a server that syncs every message pays one sync for it, which takes about as long for a quarter of it. */
export const FRAME_BYTES = 512 * 1024

/** Records on their way, as one frame or as several with a part each; none when only companions are to be sent. */
export interface Outgoing {
  /** Go first: what the other end needs to read the records. Empty when it has that. */
  readonly companions: readonly Frame[]
  readonly frames: readonly Frame[]
  readonly first: number
  readonly count: number
  /** Bytes of records. */
  readonly length: number
  /** To commit through; `undefined` without records. */
  readonly place: CommittedMessage | undefined
}

export interface ReplicaSourceOptions {
  /** Bytes of a body at most. Default 512 KiB. */
  readonly frameBytes?: number
  /** Compresses bodies; needs Node.js 22.15 or later on both sides. Default none. */
  readonly compression?: 'none' | 'zstd'
}

/** A queue whose records leave in frames. */
export class ReplicaSource {
  readonly reader: MessageSource
  readonly queueId: string
  readonly term: number
  readonly #companions: CompanionWatch
  readonly #frameBytes: number
  readonly #compression: 'none' | 'zstd'

  /**
   * @param reader of the queue; a named one holds back deletion. It stays the caller's.
   * @throws {@link InvalidArgumentError} for a replica that was not promoted, for a queue of the base format, which has no id, and for zstd where Node.js does not have it.
   */
  constructor(reader: MessageSource, options: ReplicaSourceOptions = {}) {
    checkSource('reader', reader)
    checkOptions(options, { frameBytes: COUNT_FROM_ONE, compression: oneOf('none', 'zstd') })
    this.reader = reader
    this.#frameBytes = options.frameBytes ?? FRAME_BYTES
    this.#compression = options.compression ?? 'none'
    if (this.#compression === 'zstd') assertCompression()
    const identity = readIdentity(reader.directory)
    if (identity?.queueId === undefined)
      throw new InvalidArgumentError({
        argument: 'queue',
        value: reader.directory,
        expected: 'a queue with an id: open it once with a writer of this version',
      })
    if (identity.isReplica)
      throw new InvalidArgumentError({
        argument: 'queue',
        value: reader.directory,
        expected: 'a queue that is not a replica; promote it first',
      })
    this.queueId = identity.queueId
    this.term = identity.term
    // An old source that rejoined may have types of records that were not replicated.
    this.#companions = new CompanionWatch(reader.directory, { countsNone: this.term > 0 })
  }

  /**
   * Goes to the record with this sequence, or to where it will be appended.
   *
   * @throws {@link DataLostError} `ERR_DATA_LOST` when it was deleted, or the queue ends before it.
   */
  seek(sequence: number): void {
    this.reader.seek({ sequence })
    const found = this.#here()
    if (found !== sequence) throw new DataLostError({ directory: this.reader.directory, from: sequence, to: found })
  }

  /**
   * As {@link seek}. @returns the place of the record before it, to commit through; `undefined` when that was deleted, or is the first of all.
   */
  seekAfterPrevious(sequence: number): CommittedMessage | undefined {
    if (sequence > 0) {
      this.reader.seek({ sequence: sequence - 1 })
      if (this.reader.peek()?.sequence === sequence - 1) {
        const block = this.reader.nextBlock(1)
        if (block !== undefined && this.#here() === sequence) return placeOf(block)
      }
    }
    this.seek(sequence)
    return undefined
  }

  /** Goes to the earliest record. @returns its sequence, or that of the next one. */
  seekEarliest(): number {
    this.reader.seek('earliest')
    return this.#here()
  }

  /**
   * Returns the next records; `undefined` when the source has caught up and the other end has its companions. Several records fit into one body, so that only a single large one is ever split: the same records are split alike again.
   *
   * @param bodyMax bytes of a body at most.
   */
  next(bodyMax = this.#frameBytes): Outgoing | undefined {
    const block = this.reader.nextBlock(Math.min(this.#frameBytes, bodyMax))
    // After the look at the records: a type is registered before its first record is appended.
    const unsent = this.#companions.unsent()
    if (block === undefined && unsent === undefined) return undefined
    const first = block?.firstSequence ?? this.#here()
    const { queueId, term } = this
    const companions = unsent === undefined ? [] : companionFrames(unsent, { queueId, term, first, maxBody: bodyMax })
    if (block === undefined) return { companions, frames: [], first, count: 0, length: 0, place: undefined }
    const { bytes, count } = block
    const frames = framesOf({ bytes: this.#packed(bytes), firstSequence: first, count }, { queueId, term, maxBody: bodyMax })
    return { companions, frames, first, count, length: bytes.length, place: placeOf(block) }
  }

  /** The companions of the queue at the moment, as the body of a frame; `undefined` when it has none. */
  get companions(): Buffer | undefined {
    return this.#companions.present
  }

  /** Notes which companions the other end has. When it has none, or others, they go before the next records. */
  knowCompanions(present: Buffer | undefined): void {
    this.#companions.know(present)
  }

  #packed(bytes: Uint8Array): Uint8Array {
    if (this.#compression === 'none') return bytes
    const packed = compress(bytes)
    return packed.length < bytes.length ? packed : bytes
  }

  /** Saves that everything up to these records has arrived, where the reader has a name. */
  commit(place: CommittedMessage): void {
    if (this.reader instanceof QueueReader) this.reader.commitThrough(place)
  }

  /** Sequence of the record at the reader, or of the one that will be appended there. */
  #here(): number {
    const present = this.reader.peek()?.sequence
    if (present !== undefined) return present
    const end = this.#end()
    // Between the two looks the writer may have appended: then the end is that of a later record, and the reader has one.
    return this.reader.peek()?.sequence ?? end
  }

  #end(): number {
    using end = openObserver(this.reader.directory, { start: 'latest' })
    return end.nextSequence
  }
}

/** A block as one message, which ends where the block ends. */
function placeOf({ segmentId, offset, bytes }: Block): CommittedMessage {
  return { segmentId, offset, length: bytes.length - RECORD_HEADER_LENGTH }
}

/** @throws `ERR_INVALID_ARGUMENT` */
export function checkReplicaSource(source: unknown): void {
  checkMembers('source', source, ['reader', 'queueId', 'next'], 'a ReplicaSource')
}
