import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import {
  judgeRecord,
  type RecordPresence,
  recordsIn,
  SEGMENT_FIRST_RECORD_OFFSET,
  segmentFileName,
  sequenceOf,
  timestampNsOf,
} from '@chronicle-ts/core/internal'
import { ColdFileError } from './cold-file.js'
import type { ColdPlaces } from './cold-places.js'
import { ColdSegment } from './cold-segment.js'
import { type QueueProblem, queueProblem } from './queue-problem.js'
import { recordsSaidIn } from './record-presence.js'

/** One segment file as found. Fields that the file does not have are `undefined`. */
export interface SegmentInspection {
  readonly segmentId: number
  /** Bytes of the file, and bytes that the file system gave it. */
  readonly length: number
  readonly allocatedBytes: number
  readonly sealed: boolean
  readonly hasRecords: boolean
  readonly firstSequence: number | undefined
  readonly firstTimestampNs: bigint | undefined
  readonly createdNs: bigint | undefined
  readonly writerEpoch: number | undefined
  /** Where its records end, as the seal has it. */
  readonly endOffset: number | undefined
  readonly recordCount: number | undefined
  readonly lastTimestampNs: bigint | undefined
  readonly problem: QueueProblem | undefined
}

/**
 * Looks at header and first record of a segment; `undefined` when it is gone by now.
 *
 * @param opened the segment, where the caller has it open
 */
export function inspectSegment(
  { directory, control, quick }: Pick<ColdPlaces, 'directory' | 'control' | 'quick'>,
  segmentId: number,
  opened?: ColdSegment,
): SegmentInspection | undefined {
  let segment = opened
  try {
    segment ??= ColdSegment.open(directory, segmentId, control?.segmentSize)
    if (segment === undefined) return undefined
    return describe(segment, quick === true ? recordsSaidIn(segment, control) : recordsIn(segment))
  } catch (error) {
    if (!(error instanceof ColdFileError)) throw error
    return unreadable(directory, segmentId, error)
  } finally {
    if (opened === undefined) segment?.close()
  }
}

/** Whether a segment that is there holds something or was the head. Any other was prepared, or is the crash leftover of a recovery. */
export function wasUsed(segment: SegmentInspection | undefined): boolean {
  if (segment === undefined) return false
  const { hasRecords, sealed, firstSequence, problem } = segment
  return hasRecords || sealed || firstSequence !== undefined || problem?.code === 'FILE_UNREADABLE'
}

function describe(segment: ColdSegment, presence: RecordPresence): SegmentInspection {
  const { header } = segment
  const usable = segment.headerProblem === undefined
  const hasRecords = presence !== 'none'
  const first =
    hasRecords && judgeRecord(segment, SEGMENT_FIRST_RECORD_OFFSET, false) === 'good' ? SEGMENT_FIRST_RECORD_OFFSET : undefined
  const sealed = usable && segment.sealed
  return {
    segmentId: segment.id,
    length: segment.fileLength,
    allocatedBytes: segment.file.opened.blocks * 512,
    sealed,
    hasRecords,
    firstSequence: first !== undefined ? sequenceOf(segment, first) : usable ? header.firstSequence : undefined,
    firstTimestampNs: first === undefined ? undefined : timestampNsOf(segment, first),
    createdNs: usable ? told(header.createdNs) : undefined,
    writerEpoch: usable ? told(header.writerEpoch) : undefined,
    endOffset: sealed ? told(header.endOffset) : undefined,
    // A writer that took the segment over from one that does not count leaves the count out.
    recordCount: sealed ? told(header.recordCount) : undefined,
    lastTimestampNs: sealed ? told(header.lastTimestampNs) : undefined,
    problem: problemOf(segment),
  }
}

function problemOf(segment: ColdSegment): QueueProblem | undefined {
  const facts = { segmentId: segment.id }
  if (segment.headerProblem !== undefined) return queueProblem('SEGMENT_BAD_HEADER', segment.headerProblem, facts)
  const lengths = `It has ${segment.fileLength} bytes, the segment size is ${segment.size}`
  if (segment.fileLength < segment.size) return queueProblem('SEGMENT_SHORT', lengths, facts)
  if (segment.fileLength > segment.size) return queueProblem('SEGMENT_LONG', lengths, facts)
  return undefined
}

function unreadable(directory: string, segmentId: number, error: ColdFileError): SegmentInspection {
  const nothing = { firstSequence: undefined, firstTimestampNs: undefined, createdNs: undefined, writerEpoch: undefined }
  const noSummary = { endOffset: undefined, recordCount: undefined, lastTimestampNs: undefined }
  const problem = queueProblem('FILE_UNREADABLE', error.reason, { segmentId, severity: 'critical' })
  return { segmentId, ...spaceOf(directory, segmentId), sealed: false, hasRecords: false, ...nothing, ...noSummary, problem }
}

/** The space of a segment that may not be read: its directory has that. What stands in the place of a file takes none of a segment's. */
function spaceOf(directory: string, segmentId: number): Pick<SegmentInspection, 'length' | 'allocatedBytes'> {
  try {
    const found = lstatSync(join(directory, segmentFileName(segmentId)))
    if (found.isFile()) return { length: found.size, allocatedBytes: found.blocks * 512 }
  } catch {
    // A directory that may be listed and not entered says nothing about its files.
  }
  return { length: 0, allocatedBytes: 0 }
}

/** Zero means that this field was not stored. */
function told<T extends number | bigint>(value: T): T | undefined {
  return value === 0 || value === 0n ? undefined : value
}
