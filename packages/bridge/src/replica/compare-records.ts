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

/** @throws {@link BadBlockError} `ERR_BAD_BLOCK` at the first difference: the two histories are not one. As {@link firstDifference}. */
export function compareRecords(directory: string, records: Records): void {
  const sequence = firstDifference(directory, records)
  if (sequence === undefined) return
  throw new BadBlockError({
    directory,
    offset: 0,
    expected: sequence,
    found: sequence,
    detail: 'a record differs from that of the same sequence in the queue',
  })
}

/**
 * Compares records with those of the same sequences in a queue, as far as it has them. The writer epoch and the header checksum are the queue's own and not compared. Payloads are
 * compared by their checksums.
 *
 * @returns the sequence of the first record that differs; `undefined` when none does.
 */
export function firstDifference(directory: string, { bytes, first }: Records): number | undefined {
  using own = openObserver(directory, { start: { sequence: first } })
  const view = viewOf(bytes)
  let sequence = first
  for (let at = 0; at + RECORD_HEADER_LENGTH <= bytes.length; sequence++) {
    const message = own.peek()
    if (message !== undefined && message.sequence === sequence) {
      if (!isSameRecord(view, at, message.view, message.offset)) return sequence
      own.next()
    }
    at += recordLengthAt(view, at)
  }
  return undefined
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
