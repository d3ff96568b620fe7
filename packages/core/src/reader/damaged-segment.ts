import type { QueueDirectory } from '../files/queue-directory.js'
import { SEGMENT_HEADER_LENGTH } from '../format/index.js'
import type { Position } from '../positions/position-file.js'
import { surveyRecords } from '../records/record-survey.js'
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
