import type { DurablePosition } from '@chronicle-ts/native'
import type { MappedControl } from '../control/mapped-control.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { PADDING_TYPE_ID, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import type { Tail } from '../recovery/recovery-context.js'
import { glanceAtSegment, listSegments } from '../segment/segment-files.js'

interface Opened {
  readonly directory: QueueDirectory
  readonly control: MappedControl
  readonly tail: Tail
}

/** From where on a writer that opens a queue has to make it durable: the durable mark, or the beginning of the lowest segment where there is none. */
export function durableStart(opened: Opened): DurablePosition {
  const { directory, control, tail } = opened
  const mark = control.readDurableMark()
  if (mark !== undefined) return { sequence: mark.sequence, segmentId: mark.segmentId, offset: mark.offset }
  const segmentId = listSegments(directory)[0] ?? tail.segment.id
  return { sequence: firstSequenceOf(opened, segmentId), segmentId, offset: SEGMENT_HEADER_LENGTH }
}

/** Without it, a lowest segment of which the kernel dropped every page would look like one that never held a record. -1: not known. */
function firstSequenceOf({ directory, control, tail }: Opened, segmentId: number): number {
  if (segmentId === tail.segment.id && tail.offset === SEGMENT_HEADER_LENGTH) return tail.nextSequence
  try {
    const glance = glanceAtSegment(directory, segmentId, control.segmentSize)
    const isKnown = glance?.hasRecords && glance.firstTypeId !== PADDING_TYPE_ID && Number.isSafeInteger(glance.firstSequence)
    return isKnown ? glance.firstSequence : -1
  } catch {
    // Damage below the head is for readers and `doctor` to report.
    return -1
  }
}
