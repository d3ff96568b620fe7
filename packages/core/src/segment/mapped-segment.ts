import { binding } from '@chronicle-ts/native'
import {
  getUint64,
  RECORD_ALIGNMENT,
  RECORD_HEADER_LENGTH,
  SEGMENT_END_OFFSET_OFFSET,
  SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET,
  SEGMENT_FLAG_SEALED,
  SEGMENT_FLAGS_OFFSET,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_WRITER_EPOCH_OFFSET,
  setUint64,
} from '../format/index.js'
import type { SegmentBytes } from '../records/segment-bytes.js'

/** What bytes are compared with: a piece small enough for the first-level cache. */
const ZEROS = Buffer.alloc(16 * 1024)

/** A segment is at most 4 GiB long, so that the index of a word is a small integer. */
export const WORDS_PER_BLOCK_SHIFT = Math.log2(RECORD_ALIGNMENT / 4)

/** What a file is that cannot be mapped as a whole and sound segment. */
export interface DamagedFile {
  /** Bytes per segment of the queue; a file that was cut has less. Default: what is mapped. */
  readonly size?: number
  /** The header cannot be relied on: then it says nothing about the records. Default: false. */
  readonly isHeaderBad?: boolean
}

/**
 * One mapped segment file. Readers map it read-only, the writer for writing. After {@link close} `view` and `bytes` have length 0. They never leave this library. Callers get
 * views of a second ArrayBuffer ({@link lentView}, {@link lentBytes}), which keeps the pages mapped until the last view is collected, also when this object is closed before.
 * Callers may detach or transfer it without harm to this object.
 */
export class MappedSegment implements SegmentBytes {
  readonly view: DataView
  readonly bytes: Buffer
  /** The last offset at which a record can begin. */
  readonly lastRecordOffset: number
  /** For loops that look at a few words only. */
  readonly words: Int32Array
  readonly size: number
  readonly #isHeaderBad: boolean
  #holders = 0
  #lentView: DataView | undefined
  #lentBytes: Buffer | undefined

  constructor(
    readonly id: number,
    readonly mapping: ArrayBuffer,
    { size = mapping.byteLength, isHeaderBad = false }: DamagedFile = {},
  ) {
    this.size = size
    this.#isHeaderBad = isHeaderBad
    this.view = new DataView(mapping)
    this.bytes = Buffer.from(mapping)
    this.words = new Int32Array(mapping)
    this.lastRecordOffset = mapping.byteLength - RECORD_HEADER_LENGTH
  }

  get end(): number {
    return this.mapping.byteLength
  }

  commitLengthAt(offset: number): number {
    return offset <= this.lastRecordOffset ? this.commitLengthAcquire(offset) : 0
  }

  freshCommitLengthAt(offset: number): number {
    return this.commitLengthAt(offset)
  }

  indexOf(offset: number): number {
    return offset
  }

  crc32At(offset: number, length: number): number {
    return offset + length > this.end ? -1 : binding.crc32(this.bytes.subarray(offset, offset + length))
  }

  firstDirtyOffset(from: number, to: number = this.end): number | undefined {
    for (let at = from; at < to; at += ZEROS.length) {
      const part = this.bytes.subarray(at, Math.min(at + ZEROS.length, to))
      if (part.equals(ZEROS.subarray(0, part.length))) continue
      const index = part.findIndex((byte) => byte !== 0)
      return at + index - (index % RECORD_ALIGNMENT)
    }
    return undefined
  }

  refresh(): boolean {
    return false
  }

  /** The publish word of the record at this offset: 0 while nothing is committed there. The whole record is visible after a value was seen. */
  commitLengthAcquire(offset: number): number {
    return Atomics.load(this.words, offset / 4) >>> 0
  }

  /**
   * Whether a record is committed at this block of 64 bytes, at which one can begin. Relaxed, a plain load: `true` says only that it is worth while to load the word with
   * acquire. For loops, where a call of `Atomics.load` would be most of what a look costs.
   */
  isCommittedRelaxed(block: number): boolean {
    return this.words[block << WORDS_PER_BLOCK_SHIFT] !== 0
  }

  /** Whether the writer has left this segment for good; acquire: all its commits are visible after `true`. */
  sealedAcquire(): boolean {
    return (Atomics.load(this.words, SEGMENT_FLAGS_OFFSET >> 2) & SEGMENT_FLAG_SEALED) !== 0 && !this.#isHeaderBad
  }

  /** Sets SEALED. Only the lock holder does that. */
  storeSealed(): void {
    Atomics.or(this.words, SEGMENT_FLAGS_OFFSET >> 2, SEGMENT_FLAG_SEALED)
  }

  /** Takes back what the header says about the end of the segment: less is there than when it was sealed. */
  clearSummary(): void {
    this.bytes.fill(0, SEGMENT_END_OFFSET_OFFSET, SEGMENT_HEADER_LENGTH)
  }

  /** Takes back which sequence the segment begins with: it holds no message. */
  clearFirstSequence(): void {
    setUint64(this.view, SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET, 0)
  }

  /** Says in the header where the records end; before SEALED. */
  storeEndOffset(endOffset: number): void {
    setUint64(this.view, SEGMENT_END_OFFSET_OFFSET, endOffset)
  }

  /** Says in the header which sequence the segment begins with, and which writer appends to it: what seeking looks at. */
  storeFirstSequence(sequence: number, writerEpoch: number): void {
    setUint64(this.view, SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET, sequence + 1)
    setUint64(this.view, SEGMENT_WRITER_EPOCH_OFFSET, writerEpoch)
  }

  /** Sequence of the first record, as the header has it; `undefined` in files of the base format. */
  get firstSequence(): number | undefined {
    const plusOne = getUint64(this.view, SEGMENT_FIRST_SEQUENCE_PLUS_ONE_OFFSET)
    return plusOne === 0 || this.#isHeaderBad ? undefined : plusOne - 1
  }

  /** Where the records end, as the writer said when it sealed the segment; `undefined` when it did not, or when that is outside of this segment. */
  get endOffset(): number | undefined {
    const endOffset = getUint64(this.view, SEGMENT_END_OFFSET_OFFSET)
    return endOffset === 0 || endOffset > this.size || this.#isHeaderBad ? undefined : endOffset
  }

  /** Pages that the file no longer backs; not 0 means that it was truncated. */
  get faults(): number {
    return binding.mappingFaults(this.mapping)
  }

  /** {@link faults} for loops: one load while nothing in the process has faulted. */
  hasFaulted(): boolean {
    return Atomics.load(binding.faultCount, 0) !== 0 && this.faults !== 0
  }

  /** All of the segment, for callers of the library: valid as long as it is held. */
  get lentView(): DataView {
    // A detached buffer has length 0: the caller transferred it, and gets another. Asked of the bytes, because the engine inlines that.
    const bytes = this.#lentBytes
    return bytes !== undefined && bytes.length !== 0 ? (this.#lentView as DataView) : this.#lend().view
  }

  /** {@link lentView} as bytes. */
  get lentBytes(): Buffer {
    const bytes = this.#lentBytes
    return bytes !== undefined && bytes.length !== 0 ? bytes : this.#lend().bytes
  }

  #lend(): { readonly view: DataView; readonly bytes: Buffer } {
    const lent = binding.lendMapping(this.mapping)
    const view = new DataView(lent)
    const bytes = Buffer.from(lent)
    this.#lentView = view
    this.#lentBytes = bytes
    return { view, bytes }
  }

  /** Counts a holder: the segment is closed when the last one has called {@link letGo}. For readers, whose messages may stay in a segment that the cursor has left. */
  hold(): this {
    this.#holders++
    return this
  }

  letGo(): void {
    if (--this.#holders === 0) this.closeInBackground()
  }

  close(): void {
    binding.unmap(this.mapping)
  }

  /** {@link close} whose slow half, giving the pages back, happens on the background thread; without one, in the calling thread. Never throws. */
  closeInBackground(): void {
    try {
      binding.jobRelease(binding.backgroundUnmap(this.mapping))
    } catch {
      binding.unmap(this.mapping)
    }
  }
}
