import { QueueError } from './queue-error.js'

/** Where a record stands. */
export interface RecordLocation {
  readonly directory?: string | undefined
  readonly segmentId: number
  /** Bytes from the segment file's start. */
  readonly offset: number
}

/** A committed record failed its checksum, or its length leaves the segment. The reader's position does not move: the next call throws again. */
export class CorruptRecordError extends QueueError {
  override readonly name = 'CorruptRecordError'
  override readonly code = 'ERR_CORRUPT_RECORD'
  override readonly category = 'fatal'
  readonly directory: string | undefined
  readonly segmentId: number
  readonly offset: number
  /** What is wrong with it, in a few words. */
  readonly detail: string

  constructor(facts: RecordLocation & { detail: string }, options?: ErrorOptions) {
    const { directory, segmentId, offset, detail } = facts
    super(`Corrupt record, ${detail}`, { directory, segmentId, offset }, options)
    this.directory = directory
    this.segmentId = segmentId
    this.offset = offset
    this.detail = detail
  }
}

/** A block of records cannot be taken over: a record in it is damaged, or the sequences do not continue those of the queue. Nothing was appended. */
export class BadBlockError extends QueueError {
  override readonly name = 'BadBlockError'
  override readonly code = 'ERR_BAD_BLOCK'
  override readonly category = 'fatal'
  readonly directory: string | undefined
  /** Bytes from the block's start to the record that is wrong. */
  readonly offset: number
  /** Sequence that the record at `offset` must have. */
  readonly expected: number
  /** The one that it has; `undefined` where the record cannot be read. */
  readonly found: number | undefined
  /** What is wrong with it, in a few words. */
  readonly detail: string

  constructor(
    facts: {
      directory?: string | undefined
      offset: number
      expected: number
      found?: number | undefined
      detail: string
    },
    options?: ErrorOptions,
  ) {
    const { directory, offset, expected, found, detail } = facts
    super(`The block cannot be appended, ${detail}`, { directory, offset, expected, found }, options)
    this.directory = directory
    this.offset = offset
    this.expected = expected
    this.found = found
    this.detail = detail
  }
}

/** The record is whole, but does not have the expected sequence. The reader's position does not move. */
export class SequenceGapError extends QueueError {
  override readonly name = 'SequenceGapError'
  override readonly code = 'ERR_SEQUENCE_GAP'
  override readonly category = 'fatal'
  readonly directory: string | undefined
  readonly segmentId: number
  readonly offset: number
  readonly expected: number
  readonly found: number

  constructor(facts: RecordLocation & { expected: number; found: number }, options?: ErrorOptions) {
    const { directory, segmentId, offset, expected, found } = facts
    super('A record does not have the expected sequence', { directory, segmentId, offset, expected, found }, options)
    this.directory = directory
    this.segmentId = segmentId
    this.offset = offset
    this.expected = expected
    this.found = found
  }
}

/** Messages that this reader was to get next are deleted. */
export class DataLostError extends QueueError {
  override readonly name = 'DataLostError'
  override readonly code = 'ERR_DATA_LOST'
  override readonly category = 'fatal'
  readonly directory: string | undefined
  /** Sequence of the first message that is gone; `undefined` when it is unknown, because another program than retention deleted the segments. */
  readonly from: number | undefined
  /** Sequence of the first message that is still there: `from` to `to - 1` are gone. */
  readonly to: number
  /** How many are gone; `undefined` when `from` is. */
  readonly count: number | undefined
  readonly reader: string | undefined

  constructor(
    facts: { directory?: string | undefined; reader?: string | undefined; from: number | undefined; to: number },
    options?: ErrorOptions,
  ) {
    const { directory, reader, from, to } = facts
    const count = from === undefined ? undefined : to - from
    super('Messages were deleted before this reader read them', { directory, reader, from, to, count }, options)
    this.directory = directory
    this.reader = reader
    this.from = from
    this.to = to
    this.count = count
  }
}

/** A segment file is not what its name says: wrong magic, version, id or size. */
export class BadSegmentError extends QueueError {
  override readonly name = 'BadSegmentError'
  override readonly code = 'ERR_BAD_SEGMENT'
  override readonly category = 'fatal'
  readonly path: string
  readonly segmentId: number | undefined
  readonly detail: string

  constructor(facts: { path: string; segmentId?: number | undefined; detail: string }, options?: ErrorOptions) {
    const { path, segmentId, detail } = facts
    super(`Not a usable segment, ${detail}`, { path, segmentId }, options)
    this.path = path
    this.segmentId = segmentId
    this.detail = detail
  }
}

/** A file shrank while it was mapped. The handle is unusable: close it. */
export class SegmentTruncatedError extends QueueError {
  override readonly name = 'SegmentTruncatedError'
  override readonly code = 'ERR_SEGMENT_TRUNCATED'
  override readonly category = 'fatal'
  readonly directory: string | undefined
  readonly path: string | undefined
  readonly segmentId: number | undefined

  constructor(
    facts: { directory?: string | undefined; path?: string | undefined; segmentId?: number | undefined },
    options?: ErrorOptions,
  ) {
    const { directory, path, segmentId } = facts
    super('A file of the queue was truncated while it was in use', { directory, path, segmentId }, options)
    this.directory = directory
    this.path = path
    this.segmentId = segmentId
  }
}

/** A reader's meta file holds no valid position. The message names the file and the ways out. */
export class BadPositionError extends QueueError {
  override readonly name = 'BadPositionError'
  override readonly code = 'ERR_BAD_POSITION'
  override readonly category = 'fatal'
  readonly path: string
  readonly reader: string | undefined
  readonly detail: string

  constructor(facts: { path: string; reader?: string | undefined; detail: string }, options?: ErrorOptions) {
    const { path, reader, detail } = facts
    const wayOut = 'open the reader with `reset: true`, which begins at `start`, or remove the file'
    super(`The saved position of this reader is unusable, ${detail}; ${wayOut}`, { path, reader }, options)
    this.path = path
    this.reader = reader
    this.detail = detail
  }
}
