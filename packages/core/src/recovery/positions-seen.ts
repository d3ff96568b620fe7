import { QueueError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { isRecordOffset, SEGMENT_ID_MAX } from '../format/index.js'
import { type RegisteredReader, readersOf } from '../positions/position-survey.js'
import type { Place } from '../records/place.js'
import { listSegments } from '../segment/segment-files.js'
import type { RecoveryContext } from './recovery-context.js'
import { isUnused } from './unused-segment.js'

/**
 * How far above everything else a claim counts, in segments. What names a segment further up is damaged, or of another queue: the segments between would all have to be
 * made.
 */
export const LEAD_MAX = 64

export interface SeenReader extends Place {
  readonly name: string
}

/** Whether `one` lies after `other`. */
export function isAfter(one: Place, other: Place): boolean {
  return one.segmentId > other.segmentId || (one.segmentId === other.segmentId && one.offset > other.offset)
}

/** The saved positions. A folder that cannot be read, or is a link, says nothing; a caller that needs the readers reports it. */
export function positionsOf(directory: QueueDirectory): SeenReader[] {
  let readers: RegisteredReader[]
  try {
    readers = readersOf(directory)
  } catch (error) {
    if (error instanceof QueueError) return []
    throw error
  }
  const seen: SeenReader[] = []
  for (const { name, position } of readers) {
    if (position === 'bad' || !Number.isSafeInteger(position.segmentId) || !Number.isSafeInteger(position.offset)) continue
    seen.push({ name, segmentId: position.segmentId, offset: position.offset })
  }
  return seen
}

/** The highest segment in which a reader can have been; -1 without readers. */
export function highestReaderSegment(directory: QueueDirectory): number {
  const ids = positionsOf(directory).map(({ segmentId }) => segmentId)
  return Math.max(-1, ...ids.filter((id) => id < SEGMENT_ID_MAX))
}

/** Readers whose saved position is after the place where the queue goes on. */
export function readersAfter({ directory }: RecoveryContext, end: Place): SeenReader[] {
  return positionsOf(directory).filter((reader) => isAfter(reader, end))
}

/** Readers that have read everything before the end of what is left, and nothing after it. */
export function readersAt({ directory }: RecoveryContext, end: Place): SeenReader[] {
  return positionsOf(directory).filter(({ segmentId, offset }) => segmentId === end.segmentId && offset === end.offset)
}

/** Whether a reader can have been there, going by its form and by what else is known. */
export function isPlausible(context: RecoveryContext, reader: Place, highestId: number): boolean {
  return isRecordOffset(reader.offset) && reader.offset <= context.segmentSize && reader.segmentId <= highestId + LEAD_MAX
}

/** The highest segment that anything names: a file, the control block, the durable mark, a reader. No id up to it is used again. */
export function highestSegmentSeen(context: RecoveryContext, atLeast: number): number {
  const { directory, control } = context
  let highest = Math.max(
    atLeast,
    listSegments(directory)
      .filter((id) => id > atLeast && !isUnused(context, id))
      .at(-1) ?? 0,
  )
  const limit = highest + LEAD_MAX
  for (const said of [control.currentSegmentAcquire(), control.readDurableMark()?.segmentId ?? 0])
    if (said <= limit) highest = Math.max(highest, said)
  for (const reader of readersAfter(context, { segmentId: highest, offset: 0 }))
    if (isPlausible(context, reader, highest)) highest = Math.max(highest, reader.segmentId)
  return highest
}
