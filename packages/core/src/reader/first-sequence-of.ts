import type { QueueDirectory } from '../files/queue-directory.js'
import { surveySegment } from '../segment/segment-survey.js'

/** Sequence with which a segment begins that cannot be read: the one after the records below it, 0 where the queue begins; `undefined` where nothing below says it. */
export function firstSequenceOf(directory: QueueDirectory, segmentId: number, segmentSize: number): number | undefined {
  if (segmentId === 0) return 0
  const { highestSequence = -1 } = surveySegment(directory, segmentId - 1, segmentSize) ?? {}
  return highestSequence < 0 ? undefined : highestSequence + 1
}
