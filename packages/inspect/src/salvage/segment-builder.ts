import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import {
  encodeSegmentHeader,
  RECORD_ALIGNMENT,
  RECORD_HEADER_LENGTH,
  recordLength,
  SEGMENT_FIRST_RECORD_OFFSET,
  SEGMENT_FLAG_SEALED,
  segmentFileName,
} from '@chronicle-ts/core/internal'
import type { ColdPosition } from '../cold/cold-item.js'

/** Bytes that are gathered before they are written. */
const BUFFER_LENGTH = 1024 * 1024

const ZEROS = new Uint8Array(RECORD_ALIGNMENT)

/** A record as it stands in another queue: 64 bytes of header, and its payload. */
export interface RawRecord {
  readonly header: Uint8Array
  readonly payload: Uint8Array
  readonly sequence: number
  readonly timestampNs: bigint
}

interface OpenSegment {
  readonly id: number
  readonly fd: number
  readonly firstSequence: number
  count: number
  /** Whether a timestamp is lower than the one before it: then the header has no last one, so that a search by time looks at every record. */
  goesBack: boolean
}

/** Writes the segment files of a new queue, record by record, with the bytes as they are given. The queue has no users before {@link finish} has returned. */
export class SegmentBuilder {
  readonly #directory: string
  readonly #segmentSize: number
  readonly #epoch: number
  readonly #createdNs: bigint
  readonly #buffer = Buffer.alloc(BUFFER_LENGTH)
  #segment: OpenSegment | undefined
  #nextId = 0
  #offset = SEGMENT_FIRST_RECORD_OFFSET
  #buffered = 0
  #lastTimestampNs = 0n
  /** The offset up to which the segment's file is written. */
  #written = SEGMENT_FIRST_RECORD_OFFSET

  constructor(directory: string, options: { readonly segmentSize: number; readonly epoch: number; readonly createdNs: bigint }) {
    this.#directory = directory
    this.#segmentSize = options.segmentSize
    this.#epoch = options.epoch
    this.#createdNs = options.createdNs
  }

  /** Where the next record goes, unless it does not fit. */
  get end(): ColdPosition {
    return { segmentId: this.#segment?.id ?? this.#nextId, offset: this.#offset }
  }

  /** Appends a record and returns its place. */
  add({ header, payload, sequence, timestampNs }: RawRecord): ColdPosition {
    const length = recordLength(payload.length)
    if (this.#segment !== undefined && this.#offset + length > this.#segmentSize) this.#close(true)
    this.#segment ??= this.#create(sequence)
    const place = this.end
    this.#write(header)
    this.#write(payload)
    this.#fill(length - RECORD_HEADER_LENGTH - payload.length)
    this.#segment.count += 1
    this.#segment.goesBack ||= timestampNs < this.#lastTimestampNs
    this.#lastTimestampNs = timestampNs
    this.#offset += length
    return place
  }

  /** Closes the head, which is made when there is none, or when sequences are left out: only an empty one shows its next sequence. Returns where the records end. */
  finish(nextSequence: number, leavesOut: boolean): ColdPosition {
    if (this.#segment !== undefined && leavesOut) this.#close(true)
    this.#segment ??= this.#create(nextSequence)
    const { end } = this
    this.#close(false)
    return end
  }

  /** Lets go of the file under way. */
  abandon(): void {
    if (this.#segment !== undefined) closeSync(this.#segment.fd)
    this.#segment = undefined
  }

  #create(firstSequence: number): OpenSegment {
    const id = this.#nextId
    this.#nextId += 1
    this.#offset = SEGMENT_FIRST_RECORD_OFFSET
    this.#written = SEGMENT_FIRST_RECORD_OFFSET
    const fd = openSync(join(this.#directory, segmentFileName(id)), 'wx')
    return { id, fd, firstSequence, count: 0, goesBack: false }
  }

  #write(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_LENGTH - this.#buffered) this.#flush()
    if (bytes.length > BUFFER_LENGTH) {
      this.#writeAt(bytes, this.#written)
      this.#written += bytes.length
      return
    }
    this.#buffer.set(bytes, this.#buffered)
    this.#buffered += bytes.length
  }

  /** Padding of a record: fewer than 64 zeros. */
  #fill(count: number): void {
    this.#write(ZEROS.subarray(0, count))
  }

  #flush(): void {
    if (this.#buffered === 0) return
    this.#writeAt(this.#buffer.subarray(0, this.#buffered), this.#written)
    this.#written += this.#buffered
    this.#buffered = 0
  }

  #writeAt(bytes: Uint8Array, at: number): void {
    const fd = (this.#segment as OpenSegment).fd
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, at + done)
  }

  #close(isSealed: boolean): void {
    this.#flush()
    const { id, fd, firstSequence, count, goesBack } = this.#segment as OpenSegment
    const lastTimestampNs = goesBack ? 0n : this.#lastTimestampNs
    const sealed = { flags: SEGMENT_FLAG_SEALED, endOffset: this.#offset, recordCount: count, lastTimestampNs }
    const header = encodeSegmentHeader({
      segmentId: id,
      firstSequence,
      createdNs: this.#createdNs,
      writerEpoch: this.#epoch,
      ...(isSealed && sealed),
    })
    this.#writeAt(header, 0)
    ftruncateSync(fd, this.#segmentSize)
    fsyncSync(fd)
    // The descriptor is free for every answer of the system, and must not be closed twice.
    this.#segment = undefined
    closeSync(fd)
  }
}
