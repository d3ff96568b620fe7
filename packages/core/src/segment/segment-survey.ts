import type { QueueDirectory } from '../files/queue-directory.js'
import { type RecordSurvey, surveyRecords } from '../records/record-survey.js'
import { openDamagedSegment } from './segment-files.js'

/** Surveys the records of a segment file, sound or damaged; `undefined` when there is no such file, or not enough of it for one record. */
export function surveySegment(directory: QueueDirectory, segmentId: number, segmentSize: number): RecordSurvey | undefined {
  const segment = openDamagedSegment(directory, segmentId, segmentSize, false)
  if (segment === undefined) return undefined
  try {
    return surveyRecords(segment)
  } finally {
    segment.close()
  }
}
