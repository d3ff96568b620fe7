import { segmentProblem } from '../format/index.js'
import { MappedSegment } from '../segment/mapped-segment.js'
import { glanceAtSegment, openDamagedSegment } from '../segment/segment-files.js'
import { isSegmentOfQueue, type NextRecord, type QueueOfSegment } from './segment-identity.js'

/**
 * Maps a segment for reading whose header or length is damaged, as far as it is there. By the same evidence recovery keeps such a segment or sets it aside, so that a reader is not in one that the
 * next writer discards.
 *
 * @param next the record that comes next in the queue, where that is known.
 * @returns `undefined` when nothing says that the file is this segment.
 */
export function openByRecords(queue: QueueOfSegment, segmentId: number, next: NextRecord | undefined): MappedSegment | undefined {
  const { directory, segmentSize } = queue
  const header = glanceAtSegment(directory, segmentId, segmentSize)?.header
  if (header === undefined) return undefined
  const segment = openDamagedSegment(directory, segmentId, segmentSize, false)
  if (segment === undefined) return undefined
  let isOfQueue = false
  try {
    isOfQueue = isSegmentOfQueue(queue, { segment, header, next })
  } finally {
    if (!isOfQueue) segment.close()
  }
  if (!isOfQueue) return undefined
  const isHeaderBad = segmentProblem(header, segmentId) !== undefined
  return new MappedSegment(segmentId, segment.mapping, { size: segmentSize, isHeaderBad })
}
