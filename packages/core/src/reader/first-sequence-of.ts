import type { QueueDirectory } from '../files/queue-directory.js'
import { surveyRecords } from '../records/record-survey.js'
import { openDamagedSegment } from '../segment/segment-files.js'

/** Sequence with which a segment begins that cannot be read: the one after the records below it, 0 where the queue begins; `undefined` where nothing below says it. */
export function firstSequenceOf(directory: QueueDirectory, segmentId: number, segmentSize: number): number | undefined {
  if (segmentId === 0) return 0
  const below = openDamagedSegment(directory, segmentId - 1, segmentSize, false)
  if (below === undefined) return undefined
  try {
    const { highestSequence } = surveyRecords(below)
    return highestSequence < 0 ? undefined : highestSequence + 1
  } finally {
    below.close()
  }
}
