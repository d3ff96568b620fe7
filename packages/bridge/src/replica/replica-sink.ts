import {
  BadBlockError,
  ClosedError,
  DataLostError,
  type DirectoryPath,
  FencedError,
  InvalidArgumentError,
  openObserver,
  openWriter,
  type QueueWriter,
  type WriterOptions,
} from '@chronicle-ts/core'
import { absolutePath, CALLBACK, checkMembers, checkOptions, GROUP, type OptionKind } from '@chronicle-ts/core/internal'
import { decodeCompanions } from '../companions/companions.js'
import { takeCompanions } from '../companions/take-companions.js'
import { decompress } from '../frames/compression.js'
import { type Frame, isMarker, isSound } from '../frames/frame.js'
import { FrameAssembler, type WholeFrame } from '../frames/frame-assembler.js'
import { compareRecords, firstSequenceOf, lengthOfRecords } from './compare-records.js'
import { becomeReplica, readIdentity } from './replica-identity.js'

/** Bytes that a body may decompress to: the largest record that a segment holds. */
const DECOMPRESSED_MAX = 2 ** 31

const QUEUE_ID: OptionKind = {
  expected: '32 hexadecimal digits',
  accepts: (id) => typeof id === 'string' && /^[0-9a-f]{32}$/.test(id),
}

export interface ReplicaSinkOptions {
  /** History that must be replicated, as 32 hexadecimal digits. Default: that of the first frame. */
  readonly queueId?: string
  /** For the writer of the replica, which has `prefault: false` by default. */
  readonly writer?: Omit<WriterOptions, 'firstSequence'>
  /** Called when the schema registry or the list of sources could not be written: the records are taken over all the same. */
  readonly onProblem?: (error: Error) => void
}

/** What became of a frame. `known`: the replica had all of it, and it is the same. `companions`: it brought schemas or names of sources. */
export type Taken = 'part' | 'appended' | 'known' | 'term' | 'companions'

/**
 * A queue that takes frames over: the records keep sequence, time, type, payload, schema version, trace and source. Only what follows the last record is appended; what the
 * replica has already is compared. The replica's writer is open as long as the sink, so that nothing else appends.
 */
export class ReplicaSink {
  readonly directory: string
  readonly #options: ReplicaSinkOptions
  readonly #assembler = new FrameAssembler()
  #queueId: string | undefined
  #term = 0
  #writer: QueueWriter | undefined
  /** Whether the control block says whose replica this is. */
  #isMarked = false
  #isClosed = false

  /** @throws {@link InvalidArgumentError} for a queue with messages that is not a replica of the history; what `openWriter` throws. */
  constructor(directory: DirectoryPath, options: ReplicaSinkOptions = {}) {
    checkOptions(options, { queueId: QUEUE_ID, writer: GROUP, onProblem: CALLBACK })
    this.directory = absolutePath(directory)
    this.#options = options
    this.#queueId = options.queueId
    const identity = readIdentity(this.directory)
    if (identity === undefined) return
    this.#writer = openReplica(this.directory, options.writer)
    try {
      this.#adopt(identity.isReplica ? identity.queueId : undefined)
      this.#term = identity.term
    } catch (error) {
      this.#writer.close()
      throw error
    }
  }

  /** Sequence of the record that is needed next; `undefined` for a replica that does not exist yet, which begins at any. */
  get nextSequence(): number | undefined {
    return this.#writer?.nextSequence
  }

  /** Sequence below which everything survives a power cut. */
  get durableSequence(): number {
    return this.#writer?.durableSequence ?? 0
  }

  get queueId(): string | undefined {
    return this.#queueId
  }

  get term(): number {
    return this.#term
  }

  /** Whether a record of several frames is missing some of them. */
  get isInside(): boolean {
    return this.#assembler.isInside
  }

  /**
   * Takes a frame. Appended is visible, and durable after {@link flush}.
   *
   * @throws {@link DataLostError} `ERR_DATA_LOST`: records between the replica's last one and this frame are missing. {@link BadBlockError} `ERR_BAD_BLOCK`: the frame is damaged, of another history,
   * or differs from what the replica has. {@link FencedError} `ERR_FENCED`: it is of a term that is over, or the replica has records that the new term does not have.
   */
  take(frame: Frame): Taken {
    if (this.#isClosed) throw new ClosedError({ handle: 'replica', directory: this.directory })
    if (!isSound(frame)) throw this.#bad(frame.first, 'the body of a frame does not match its checksum')
    if (this.#queueId !== undefined && frame.queueId !== this.#queueId)
      throw this.#bad(frame.first, `the frame is of queue ${frame.queueId}, and the replica of queue ${this.#queueId}`)
    if (frame.part > 1 && !this.#assembler.isInside) {
      // Companions come again when the stream no longer has them.
      if (frame.count === 0) return 'known'
      const next = this.nextSequence ?? frame.first + frame.count
      // A stream that was trimmed begins with the last parts of a record: of one that the replica has, or of one before it.
      if (frame.first < next) return 'known'
      throw new DataLostError({ directory: this.directory, from: next, to: frame.first + frame.count })
    }
    const whole = this.#assembler.take(frame)
    if (whole === undefined) return 'part'
    if (typeof whole === 'string') throw this.#bad(frame.first, whole)
    if (whole.count > 0) return this.#takeRecords(whole)
    return isMarker(whole) ? this.#takeMarker(whole) : this.#takeCompanions(whole)
  }

  /** Makes everything that was taken durable. */
  async flush(): Promise<void> {
    await this.#writer?.flush()
  }

  close(): void {
    this.#isClosed = true
    this.#writer?.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** An existing queue is a replica already, or holds nothing: then its making was interrupted. */
  #adopt(queueId: string | undefined): void {
    if (queueId !== undefined && (this.#queueId === undefined || this.#queueId === queueId)) {
      this.#queueId = queueId
      this.#isMarked = true
      return
    }
    using observer = openObserver(this.directory)
    if (queueId === undefined && observer.peek() === undefined) return
    const expected =
      this.#queueId === undefined ? 'a replica, or a directory without a queue' : `a replica of queue ${this.#queueId}`
    throw new InvalidArgumentError({ argument: 'directory', value: this.directory, expected })
  }

  #takeMarker({ queueId, term, first }: WholeFrame): Taken {
    const next = this.nextSequence ?? first
    if (term <= this.#term) return 'known'
    this.#assertNoGap(first)
    // The promoted queue did not have these: they are not part of the history any more.
    if (first < next) throw new FencedError({ directory: this.directory, term: this.#term, newTerm: term })
    this.#enterTerm({ queueId, term, first })
    return 'term'
  }

  /** A replica that does not exist yet is made for them: types stand in the registry before their first record. */
  #takeCompanions(whole: WholeFrame): Taken {
    const { first, term, body } = whole
    const companions = decodeCompanions(body)
    if (companions === undefined) throw this.#bad(first, 'a frame without records holds neither a marker nor companions')
    if (term < this.#term) return 'known'
    // Otherwise a pull that ends with them would not notice what is missing before them.
    this.#assertNoGap(first)
    if (this.#writer === undefined || !this.#isMarked) this.#enterTerm(whole)
    try {
      return takeCompanions(this.directory, companions) ? 'companions' : 'known'
    } catch (error) {
      this.#options.onProblem?.(error instanceof Error ? error : new Error(String(error)))
      return 'known'
    }
  }

  #takeRecords(whole: WholeFrame): Taken {
    const { first, count, term } = whole
    const next = this.nextSequence ?? first
    this.#assertNoGap(first)
    const known = Math.min(next - first, count)
    if (term < this.#term && known < count) throw new FencedError({ directory: this.directory, term, newTerm: this.#term })
    const bytes = this.#decompressed(whole)
    // A head that does not fit its body must not move the place: nothing of it is appended.
    if (lengthOfRecords(bytes, count) !== bytes.length || firstSequenceOf(bytes) !== first)
      throw this.#bad(first, `the body of a frame does not hold ${count} records from ${first} on`)
    const knownLength = lengthOfRecords(bytes, known) ?? 0
    if (known > 0) compareRecords(this.directory, { bytes: bytes.subarray(0, knownLength), first })
    if (known === count) return 'known'
    if (term > this.#term || !this.#isMarked) this.#enterTerm(whole)
    const writer = this.#writer as QueueWriter
    writer.appendBlock(bytes.subarray(knownLength))
    return 'appended'
  }

  #assertNoGap(first: number): void {
    const next = this.nextSequence ?? first
    if (first > next) throw new DataLostError({ directory: this.directory, from: next, to: first })
  }

  #decompressed({ body, first }: WholeFrame): Uint8Array {
    try {
      return decompress(body, DECOMPRESSED_MAX)
    } catch (cause) {
      if (cause instanceof InvalidArgumentError) throw cause
      throw this.#bad(first, 'the body of a frame cannot be decompressed')
    }
  }

  #enterTerm({ queueId, term, first }: Pick<WholeFrame, 'queueId' | 'term' | 'first'>): void {
    this.#writer ??= openReplica(this.directory, { ...this.#options.writer, firstSequence: first })
    becomeReplica(this.directory, { queueId, term })
    this.#isMarked = true
    this.#queueId = queueId
    this.#term = term
  }

  #bad(expected: number, detail: string): BadBlockError {
    return new BadBlockError({ directory: this.directory, offset: 0, expected, detail })
  }
}

/** Touches no page ahead: that keeps single appends short, and a replica takes whole frames. It would be most of the memory of a pull. */
function openReplica(directory: string, options: WriterOptions = {}): QueueWriter {
  return openWriter(directory, { prefault: false, ...options })
}

/** @throws `ERR_INVALID_ARGUMENT` */
export function checkSink(sink: unknown): void {
  checkMembers('sink', sink, ['take', 'flush', 'nextSequence'], 'a ReplicaSink')
}
