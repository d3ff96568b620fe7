import { join } from 'node:path'
import {
  decodeSegmentHeader,
  RECORD_ALIGNMENT,
  RECORD_COMMIT_LENGTH_OFFSET,
  RECORD_HEADER_LENGTH,
  recordLength,
  SEGMENT_FLAG_SEALED,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
  type SegmentBytes,
  type SegmentHeader,
  segmentFileName,
  viewOf,
} from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'
import { ColdFile } from './cold-file.js'

/** Bytes that one `pread` asks for: enough to make system calls cheap, little enough to stay in the second-level cache. */
const WINDOW_LENGTH_MAX = 256 * 1024

/**
 * Bytes of the first one: the rest of the page that begins with the header. A look needs a record or two of each segment, and dashboards look at hundreds of queues every second. Node.js makes a
 * buffer of less than a page without asking for memory.
 */
export const WINDOW_LENGTH_FIRST = 4096 - SEGMENT_HEADER_LENGTH

/** By how much each window is longer than the one before it: a walk over a segment pays for two short ones. */
const WINDOW_GROWTH = 8

/** Larger payloads are checked piece by piece. */
const PIECE_LENGTH = 4 * 1024 * 1024

/** Bytes of one read in the search for what is not zero. */
const DIRTY_PIECE_LENGTH = 1024 * 1024
const ZEROS = Buffer.alloc(DIRTY_PIECE_LENGTH)

function firstNonZero(bytes: Buffer): number {
  const index = bytes.findIndex((byte) => byte !== 0)
  return index - (index % RECORD_ALIGNMENT)
}

/**
 * One segment file read through a window that moves along it. What follows a commit word in the window was read after that word was
 * set, so a committed record in it is whole even while the writer appends.
 */
export class ColdSegment implements SegmentBytes {
  #header: SegmentHeader
  /** Where the records' room ends: the segment size, or the file's end where that comes first. */
  readonly end: number
  readonly fileLength: number
  #window: Buffer = Buffer.allocUnsafe(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #start = 0
  #length = 0
  #nextLength = WINDOW_LENGTH_FIRST

  private constructor(
    readonly id: number,
    readonly size: number,
    readonly file: ColdFile,
  ) {
    this.fileLength = file.opened.size
    this.end = Math.min(this.fileLength, size)
    this.#header = this.#readHeader()
  }

  /** Opens a segment; `undefined` when it does not exist. Without a known segment size the file's length serves. */
  static open(directory: string, id: number, segmentSize?: number): ColdSegment | undefined {
    const file = ColdFile.open(join(directory, segmentFileName(id)))
    if (file === undefined) return undefined
    try {
      return new ColdSegment(id, segmentSize ?? file.opened.size, file)
    } catch (error) {
      file.close()
      throw error
    }
  }

  get header(): SegmentHeader {
    return this.#header
  }

  /** What makes the header unusable, or `undefined`. */
  get headerProblem(): string | undefined {
    const { magic, version, segmentId } = this.#header
    if (this.fileLength < SEGMENT_HEADER_LENGTH) return `it has ${this.fileLength} bytes`
    if (magic !== SEGMENT_MAGIC) return `its magic is 0x${magic.toString(16).padStart(8, '0')}`
    if (version !== SEGMENT_VERSION) return `its version is ${version}`
    if (segmentId !== this.id) return `it says that it is segment ${segmentId}`
    return undefined
  }

  get firstSequence(): number | undefined {
    return this.#header.firstSequence
  }

  get sealed(): boolean {
    return (this.#header.flags & SEGMENT_FLAG_SEALED) !== 0
  }

  /** Reads the header again: flags and end summary of a live segment change once. */
  refreshHeader(): void {
    this.#header = this.#readHeader()
  }

  /** Whether a record can begin at this offset. */
  hasRoomAt(offset: number): boolean {
    return offset <= this.end - RECORD_HEADER_LENGTH
  }

  /** The commit word at this offset as the window has it: 0 may be outdated, anything else is final. */
  commitLengthAt(offset: number): number {
    return this.hasRoomAt(offset) && this.load(offset, RECORD_HEADER_LENGTH)
      ? this.#view.getUint32(offset - this.#start + RECORD_COMMIT_LENGTH_OFFSET, true)
      : 0
  }

  /** The commit word at this offset as the file has it now. */
  freshCommitLengthAt(offset: number): number {
    const word = Buffer.alloc(4)
    if (!this.hasRoomAt(offset)) return 0
    if (this.file.readAt(word, offset + RECORD_COMMIT_LENGTH_OFFSET) < 4) return 0
    const commitLength = word.readUInt32LE(0)
    if (commitLength !== 0) this.refresh()
    return commitLength
  }

  /** Makes sure that the window holds these bytes; `false` when the file ends before. */
  load(offset: number, length: number): boolean {
    if (this.#isLoaded(offset, length)) return true
    this.#fill(offset, Math.max(length, this.#nextLength))
    this.#nextLength = Math.min(WINDOW_LENGTH_MAX, this.#nextLength * WINDOW_GROWTH)
    return length <= this.#length
  }

  /** {@link load} of these bytes alone, by a caller that goes on nowhere: what follows them is not read in advance. */
  loadOnly(offset: number, length: number): boolean {
    if (!this.#isLoaded(offset, length)) this.#fill(offset, length)
    return length <= this.#start + this.#length - offset
  }

  #isLoaded(offset: number, length: number): boolean {
    return offset >= this.#start && offset + length <= this.#start + this.#length
  }

  /** The window's bytes over a loaded range: a view, valid until the next load. */
  bytes(offset: number, length: number): Buffer {
    return this.#window.subarray(offset - this.#start, offset - this.#start + length)
  }

  /** View over the window, and the index of a loaded offset in it, for decoding without copies. */
  get view(): DataView {
    return this.#view
  }

  indexOf(offset: number): number {
    return offset - this.#start
  }

  crc32At(offset: number, length: number): number {
    if (length > PIECE_LENGTH) return this.#crc32InPieces(offset, length)
    if (this.#isLoaded(offset, length)) return binding.crc32(this.bytes(offset, length))
    // A header is loaded already: this is a payload, which comes with the header before it, so that the record is there as a whole.
    const isThere = this.loadOnly(offset - RECORD_HEADER_LENGTH, RECORD_HEADER_LENGTH + length)
    return isThere ? binding.crc32(this.bytes(offset, length)) : -1
  }

  firstDirtyOffset(from: number, to: number = this.end): number | undefined {
    const piece = Buffer.allocUnsafe(DIRTY_PIECE_LENGTH)
    // The rest of a head is a hole, but for what is reserved ahead of the writer.
    for (let at = this.file.dataOffset(from); at !== undefined && at < to; at = this.file.dataOffset(at + DIRTY_PIECE_LENGTH)) {
      const got = this.file.readAt(piece.subarray(0, Math.min(DIRTY_PIECE_LENGTH, to - at)), at)
      const bytes = piece.subarray(0, got)
      if (!bytes.equals(ZEROS.subarray(0, got))) return at + firstNonZero(bytes)
      if (got < DIRTY_PIECE_LENGTH) break
    }
    return undefined
  }

  /** Forgets the window, so that the next look reads the file. */
  refresh(): boolean {
    this.#length = 0
    return true
  }

  close(): void {
    this.file.close()
  }

  #fill(offset: number, length: number): void {
    const wanted = Math.max(0, Math.min(this.end - offset, length))
    if (wanted > this.#window.length) {
      this.#window = Buffer.allocUnsafe(wanted)
      this.#view = viewOf(this.#window)
    }
    this.#start = offset
    this.#length = this.file.readAt(this.#window.subarray(0, wanted), offset)
    if (!this.sealed) this.#readCommittedAgain()
  }

  /**
   * The kernel copies without promising an order between the commit word and what follows it. The run of records that the first read
   * shows as committed is therefore read once more: by then all of it was there.
   */
  #readCommittedAgain(): void {
    let end = 0
    while (end + RECORD_HEADER_LENGTH <= this.#length) {
      const commitLength = this.#view.getUint32(end + RECORD_COMMIT_LENGTH_OFFSET, true)
      if (commitLength === 0) break
      end += recordLength(commitLength - 1)
    }
    const again = Math.min(end, this.#length)
    if (again > 0) this.file.readAt(this.#window.subarray(0, again), this.#start)
  }

  /** A wrong length must not cost gigabytes of memory. */
  #crc32InPieces(offset: number, length: number): number {
    const piece = Buffer.allocUnsafe(PIECE_LENGTH)
    let sum = 0
    for (let done = 0; done < length; ) {
      const got = this.file.readAt(piece.subarray(0, Math.min(PIECE_LENGTH, length - done)), offset + done)
      if (got === 0) return -1
      sum = binding.crc32(piece.subarray(0, got), sum)
      done += got
    }
    return sum
  }

  #readHeader(): SegmentHeader {
    const bytes = Buffer.alloc(SEGMENT_HEADER_LENGTH)
    this.file.readAt(bytes, 0)
    return decodeSegmentHeader(viewOf(bytes))
  }
}
