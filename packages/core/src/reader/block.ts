import { getUint64, RECORD_COMMIT_LENGTH_OFFSET, RECORD_SEQUENCE_OFFSET, recordLength } from '../format/index.js'
import type { MappedSegment } from '../segment/mapped-segment.js'

/**
 * Consecutive records of one segment as they stand in it, headers and padding included: what `appendBlock` of another queue's writer takes.
 *
 * `bytes` is a view of the mapping, valid as long as it is held. **Never write into it**: the kernel ends the process with SIGSEGV. Sequences go up by one from record to record.
 */
export interface Block {
  readonly bytes: Buffer
  /** Records in it, at least one. */
  readonly count: number
  /** Sequence of the first record. */
  readonly firstSequence: number
  readonly segmentId: number
  /** Offset of the first record in its segment. */
  readonly offset: number
}

/** The checked records from `from` on, below `end`, that are at most `maxBytes` long together, but at least one. `undefined` when the first is no longer there. */
export function blockOf(segment: MappedSegment, from: number, limits: { end: number; maxBytes: number }): Block | undefined {
  const { view } = segment
  const end = Math.min(limits.end, from + limits.maxBytes)
  const firstSequence = getUint64(view, from + RECORD_SEQUENCE_OFFSET)
  let at = from
  let count = 0
  while (at < end) {
    const commitLength = view.getUint32(at + RECORD_COMMIT_LENGTH_OFFSET, true)
    if (commitLength === 0) break
    const next = at + recordLength(commitLength - 1)
    // Writers of the base format begin again at 0, and their successor may begin above.
    const follows = getUint64(view, at + RECORD_SEQUENCE_OFFSET) === firstSequence + count
    if (count > 0 && (next > end || !follows)) break
    at = next
    count++
  }
  if (count === 0) return undefined
  return { bytes: segment.lentBytes.subarray(from, at), count, firstSequence, segmentId: segment.id, offset: from }
}
