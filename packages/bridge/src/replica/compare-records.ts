import { BadBlockError, openObserver } from '@chronicle-ts/core'
import {
  getUint64,
  RECORD_FLAG_HEADER_CRC,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_CRC_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_PAYLOAD_CRC_OFFSET,
  RECORD_SEQUENCE_OFFSET,
  RECORD_TRACE_ID_OFFSET,
  recordLengthAt,
  viewOf,
} from '@chronicle-ts/core/internal'

/** Consecutive records, and the sequence of the first. */
interface Records {
  readonly bytes: Uint8Array
  readonly first: number
}

/** Returns the bytes of the first `count` records; `undefined` when they are cut off. */
export function lengthOfRecords(bytes: Uint8Array, count: number): number | undefined {
  const view = viewOf(bytes)
  let at = 0
  for (let index = 0; index < count; index++) {
    if (at + RECORD_HEADER_LENGTH > bytes.length) return undefined
    at += recordLengthAt(view, at)
  }
  return at > bytes.length ? undefined : at
}

/** Returns the sequence that the first record says it has; `undefined` without a whole header. */
export function firstSequenceOf(bytes: Uint8Array): number | undefined {
  return bytes.length < RECORD_HEADER_LENGTH ? undefined : getUint64(viewOf(bytes), RECORD_SEQUENCE_OFFSET)
}

/**
 * Compares records with those of a replica.
 *
 * @throws {@link BadBlockError} `ERR_BAD_BLOCK` at the first difference: the two histories are not one. Also at a record that the replica lost after its first one. A writer that finds durable
 * records damaged leaves their sequences out, and the replica would never have them again.
 */
export function compareRecords(directory: string, records: Records): void {
  const next = nextSequenceOf(directory)
  let detail = 'a record differs from that of the same sequence in the queue'
  const sequence = compare(directory, records, (missing) => {
    // The first record is looked for now: retention may have deleted this one meanwhile.
    if (missing >= next || missing < earliestOf(directory)) return false
    detail = 'the replica has lost the record of this sequence'
    return true
  })
  if (sequence !== undefined) throw new BadBlockError({ directory, offset: 0, expected: sequence, found: sequence, detail })
}

/**
 * Compares records with those of the same sequences in a queue, as far as it has them. The writer epoch and the header checksum are the queue's own and not compared. Payloads are
 * compared by their checksums.
 *
 * @returns the sequence of the first record that differs; `undefined` when none does.
 */
export function firstDifference(directory: string, records: Records): number | undefined {
  return compare(directory, records, () => false)
}

function compare(directory: string, { bytes, first }: Records, isHole: (sequence: number) => boolean): number | undefined {
  using own = openObserver(directory, { start: { sequence: first } })
  const view = viewOf(bytes)
  let sequence = first
  for (let at = 0; at + RECORD_HEADER_LENGTH <= bytes.length; sequence++) {
    const message = own.peek()
    if (message !== undefined && message.sequence === sequence) {
      if (!isSameRecord(view, at, message.view, message.offset)) return sequence
      own.next()
    } else if (isHole(sequence)) return sequence
    at += recordLengthAt(view, at)
  }
  return undefined
}

function nextSequenceOf(directory: string): number {
  using observer = openObserver(directory, { start: 'latest' })
  return observer.nextSequence
}

/** Of a queue without records, that of the next one. */
function earliestOf(directory: string): number {
  using observer = openObserver(directory)
  return observer.peek()?.sequence ?? nextSequenceOf(directory)
}

function isSameRecord(one: DataView, oneAt: number, other: DataView, otherAt: number): boolean {
  const isSame = (from: number, to: number): boolean => {
    for (let at = from; at < to; at += 2)
      if (one.getUint16(oneAt + at, true) !== other.getUint16(otherAt + at, true)) return false
    return true
  }
  const flags = (view: DataView, at: number): number => view.getUint16(at + RECORD_FLAGS_OFFSET, true) | RECORD_FLAG_HEADER_CRC
  return (
    isSame(0, RECORD_FLAGS_OFFSET) &&
    flags(one, oneAt) === flags(other, otherAt) &&
    isSame(RECORD_PAYLOAD_CRC_OFFSET, RECORD_HEADER_CRC_OFFSET) &&
    isSame(RECORD_TRACE_ID_OFFSET, RECORD_HEADER_LENGTH)
  )
}
