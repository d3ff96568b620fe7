import {
  controlExtensionsAreCurrent,
  isRecordOffset,
  roomBetween,
  SEGMENT_FIRST_RECORD_OFFSET,
} from '@chronicle-ts/core/internal'
import type { ColdPosition } from '../cold/cold-item.js'
import { isBefore } from '../cold/find-start.js'
import type { QueueInspection } from '../cold/queue-inspection.js'

/** What names a segment further above everything else belongs to another queue, or is damaged. */
const LEAD_MAX = 64

/** The good records of a queue. */
export interface SavedRecords {
  /** The highest sequence; -1 without a record. */
  readonly lastSequence: number
  /** Where the last record ends. */
  readonly end: ColdPosition
  readonly segmentSize: number
}

/**
 * The next sequence of a queue whose last messages may be lost: above every one that was given out. The control block shows it, where what it says had room. Otherwise it is above all for which there was
 * room up to the furthest place that the control block, the segments or a reader name.
 */
export function nextSequenceAfter({ lastSequence, end, segmentSize }: SavedRecords, inspection: QueueInspection): number {
  const { control, controlIsValid } = inspection
  const next = lastSequence + 1
  const highest = Math.max(end.segmentId, inspection.segments.lastId ?? 0)
  const furthest = placesNamed(inspection, segmentSize)
    .filter(({ segmentId, offset }) => segmentId <= highest + LEAD_MAX && offset <= segmentSize && isRecordOffset(offset))
    .reduce((most, place) => (isBefore(most, place) ? place : most), end)
  const room = Math.ceil(roomBetween(end, furthest, segmentSize))
  const said = control !== undefined && controlIsValid && controlExtensionsAreCurrent(control) ? control.nextSequence : -1
  const isPossible = Number.isSafeInteger(said) && said >= next && (lastSequence < 0 || said - next <= room)
  return isPossible ? said : next + room
}

/** Places up to which there may have been records. */
function placesNamed({ control, controlIsValid, segments, readers, head }: QueueInspection, segmentSize: number): ColdPosition[] {
  const places = readers.flatMap(({ position }) => position ?? [])
  const end = (segmentId: number) => ({ segmentId, offset: segmentSize })
  if (control !== undefined && controlIsValid) places.push({ segmentId: control.currentSegment, offset: control.writeOffset })
  for (const { segmentId, length, sealed, problem } of segments.inspected) {
    // Nothing says where the records of a damaged segment ended.
    if ((problem !== undefined || length < segmentSize) && segmentId >= (head.segmentId ?? 0)) places.push(end(segmentId))
    // A writer enters the next segment before it seals the one that it leaves.
    else if (sealed && segmentId === segments.lastId && !controlIsValid) places.push(end(segmentId + 1))
  }
  return places.filter(({ offset }) => offset >= SEGMENT_FIRST_RECORD_OFFSET)
}
