import type { QueueDirectory } from '../files/queue-directory.js'
import { getUint64, RECORD_SEQUENCE_OFFSET, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import type { Position } from '../positions/position-file.js'
import { surveyRecords } from '../records/record-survey.js'
import { hasHeaderCrc } from '../records/segment-bytes.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { sequenceAt } from '../segment/record-scan.js'
import { openDamagedSegment } from '../segment/segment-files.js'

/** Sequence of the message at a position in a segment that is damaged as a whole, by the records that can be read; 0 where the queue begins. */
export function sequenceInDamaged(
  directory: QueueDirectory,
  segmentSize: number,
  { segmentId, offset }: Position,
): number | undefined {
  const isBeginning = offset <= SEGMENT_HEADER_LENGTH
  if (segmentId === 0 && isBeginning) return 0
  const damaged = openDamagedSegment(directory, segmentId, segmentSize, false)
  if (damaged === undefined) return segmentId === 0 ? 0 : undefined
  try {
    const { firstSequence } = surveyRecords(damaged)
    if (isBeginning || firstSequence === undefined || offset > damaged.size) return isBeginning ? firstSequence : undefined
    return sequenceAt(damaged, offset)
  } finally {
    damaged.close()
  }
}

/** Whether a segment begins with a record of the base format. */
export function beginsWithBaseRecord(segment: MappedSegment): boolean {
  return segment.commitLengthAt(SEGMENT_HEADER_LENGTH) !== 0 && !hasHeaderCrc(segment, SEGMENT_HEADER_LENGTH)
}

/** Sequence of the first record, for segments of the base format, whose header does not say it; `undefined` while there is none. */
export function firstRecordSequence(segment: MappedSegment): number | undefined {
  const hasRecord = segment.commitLengthAcquire(SEGMENT_HEADER_LENGTH) !== 0
  return hasRecord ? getUint64(segment.view, SEGMENT_HEADER_LENGTH + RECORD_SEQUENCE_OFFSET) : undefined
}
