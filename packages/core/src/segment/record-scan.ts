import {
  binding,
  STATUS_LIMIT,
  STATUS_PADDING,
  STATUS_SEGMENT_END,
  STATUS_UNCOMMITTED,
  VERIFIER_END,
  VERIFIER_SEQUENCE,
} from '@chronicle-ts/native'
import { VERIFY_BYTES } from '../defaults.js'
import { walkHeaders } from '../records/header-walk.js'
import { sequenceOf } from '../records/segment-bytes.js'
import type { MappedSegment } from './mapped-segment.js'

/** Where a run of good records ends, and why. */
export interface ScanEnd {
  readonly offset: number
  /** Sequence that a record at {@link offset} must have; `undefined` when no record was seen and none was given. */
  readonly nextSequence: number | undefined
  readonly reason: 'uncommitted' | 'segment-end' | 'padding' | 'bad'
}

/** Walks committed records from `offset` on, checking CRCs, lengths and sequences, until one is missing or bad. */
export function scanRecords(segment: MappedSegment, offset: number, nextSequence: number | undefined): ScanEnd {
  const verifier = binding.createVerifier()
  verifier.attach(segment.mapping)
  verifier.state[VERIFIER_SEQUENCE] = nextSequence ?? -1
  let end = offset
  let status: number
  do {
    status = verifier.verify(end, 0x7fffffff, VERIFY_BYTES * 1024)
    end = verifier.state[VERIFIER_END] as number
  } while (status === STATUS_LIMIT)
  const sequence = verifier.state[VERIFIER_SEQUENCE] as number
  verifier.detach()
  return { offset: end, nextSequence: sequence < 0 ? undefined : sequence, reason: endReason(status) }
}

function endReason(status: number): ScanEnd['reason'] {
  if (status === STATUS_UNCOMMITTED) return 'uncommitted'
  if (status === STATUS_SEGMENT_END) return 'segment-end'
  return status === STATUS_PADDING ? 'padding' : 'bad'
}

/** One past the last byte that is not zero at or behind `offset`, before `limit`; `offset` when all is zero. */
export function endOfNonZero(segment: MappedSegment, offset: number, limit = segment.size): number {
  const step = 1024 * 1024
  const zeros = Buffer.alloc(step)
  for (let end = Math.min(limit, segment.size); end > offset; end -= step) {
    const start = Math.max(offset, end - step)
    const part = segment.bytes.subarray(start, end)
    if (part.equals(zeros.subarray(0, part.length))) continue
    let last = part.length - 1
    while (part[last] === 0) last--
    return start + last + 1
  }
  return offset
}

/** Sequence of the message at an offset, or of the one that would stand there, by headers alone; `undefined` when nothing in the segment has it. */
export function sequenceAt(segment: MappedSegment, offset: number): number | undefined {
  let next: number | undefined = segment.firstSequence
  const walk = walkHeaders(segment, (at) => {
    if (at < offset) next = sequenceOf(segment, at) + 1
    return at < offset
  })
  return walk.stoppedBy === 'visitor' ? sequenceOf(segment, walk.end) : next
}
