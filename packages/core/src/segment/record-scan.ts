import { binding, STATUS_LIMIT, STATUS_PADDING, STATUS_SEGMENT_END, STATUS_UNCOMMITTED, VERIFIER_END } from '@chronicle-ts/native'
import { VERIFY_BYTES } from '../defaults.js'
import { walkHeaders } from '../records/header-walk.js'
import { judgeRecord } from '../records/judge-record.js'
import { isGoodStep } from '../records/record-walk.js'
import { sequenceOf } from '../records/segment-bytes.js'
import { SequenceRule } from '../records/sequence-rule.js'
import type { MappedSegment } from './mapped-segment.js'

/** Where a run of good records ends, and why. */
export interface ScanEnd {
  readonly offset: number
  /** Sequence that a record at {@link offset} must have; `undefined` when no record was seen and none was given. */
  readonly nextSequence: number | undefined
  /** Whether the last record that was seen is of the base format. */
  readonly lastIsBase: boolean
  readonly reason: 'uncommitted' | 'segment-end' | 'padding' | 'bad'
}

/** What is known of the records before a place: the part of a {@link ScanEnd} with which a scan goes on in the next segment. */
export type ScanStart = Pick<ScanEnd, 'nextSequence' | 'lastIsBase'>

/** Walks committed records from `offset` on, checking CRCs, lengths and sequences, until one is missing or bad. */
export function scanRecords(segment: MappedSegment, offset: number, start?: ScanStart): ScanEnd {
  const verifier = binding.createVerifier()
  const rule = ruleAfter(start, verifier.state)
  verifier.attach(segment.mapping)
  let end = offset
  let status: number
  do {
    status = verifier.verify(end, 0x7fffffff, VERIFY_BYTES * 1024)
    end = verifier.state[VERIFIER_END] as number
  } while (status === STATUS_LIMIT)
  const { expected, lastIsBase } = rule
  verifier.detach()
  const reason = segment.end < segment.size ? endReasonInCut(segment, end) : endReason(status)
  return { offset: end, nextSequence: expected < 0 ? undefined : expected, lastIsBase, reason }
}

/** Whether a segment that begins with a record goes on where a scan ended, by the same rule as from record to record. */
export function mayFollow(end: ScanStart, first: { readonly sequence: number; readonly hasHeaderCrc: boolean }): boolean {
  return isGoodStep(ruleAfter(end).judge(first.sequence, first.hasHeaderCrc))
}

function ruleAfter(start: ScanStart | undefined, state?: Float64Array): SequenceRule {
  const rule = new SequenceRule(state)
  if (start?.nextSequence !== undefined) rule.expectAfter(start.nextSequence - 1, !start.lastIsBase)
  return rule
}

function endReason(status: number): ScanEnd['reason'] {
  if (status === STATUS_UNCOMMITTED) return 'uncommitted'
  if (status === STATUS_SEGMENT_END) return 'segment-end'
  return status === STATUS_PADDING ? 'padding' : 'bad'
}

/** A segment that was cut ends for the verifier where its file does, but not for its records: a padding record reaches to the end of the whole segment. */
function endReasonInCut(segment: MappedSegment, offset: number): ScanEnd['reason'] {
  if (segment.commitLengthAt(offset) === 0) return 'uncommitted'
  return judgeRecord(segment, offset) === 'padding' ? 'padding' : 'bad'
}

/** One past the last byte that is not zero at or behind `offset`, before `limit`; `offset` when all is zero. */
export function endOfNonZero(segment: MappedSegment, offset: number, limit = segment.end): number {
  const step = 1024 * 1024
  const zeros = Buffer.alloc(step)
  for (let end = Math.min(limit, segment.end); end > offset; end -= step) {
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
