import type { DurablePosition } from '@chronicle-ts/native'
import type { MappedControl } from '../control/mapped-control.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { SEGMENT_HEADER_LENGTH } from '../format/index.js'
import type { Tail } from '../recovery/recovery-context.js'
import { listSegments } from '../segment/segment-files.js'

/** From where on a writer that opens a queue has to make it durable: the durable mark, or the beginning of the lowest segment where there is none. */
export function durableStart(opened: {
  readonly directory: QueueDirectory
  readonly control: MappedControl
  readonly tail: Tail
}): DurablePosition {
  const { directory, control, tail } = opened
  const mark = control.readDurableMark()
  if (mark !== undefined) return { sequence: mark.sequence, segmentId: mark.segmentId, offset: mark.offset }
  return { sequence: -1, segmentId: listSegments(directory)[0] ?? tail.segment.id, offset: SEGMENT_HEADER_LENGTH }
}
