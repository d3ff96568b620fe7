import {
  type ControlBlock,
  controlExtensionsAreCurrent,
  findRecordBefore,
  findRecordNear,
  LOOK_BACK_BYTES,
  SEGMENT_FIRST_RECORD_OFFSET,
  timestampNsOf,
  type WitnessRecord,
} from '@chronicle-ts/core/internal'
import { type ColdSegment, WINDOW_LENGTH_FIRST } from './cold-segment.js'
import { countHeaders } from './counted-headers.js'
import type { QueueEnd } from './measure-lag.js'

/** How far back from its end the last record is looked for at first: most are no longer. With what may have been appended since, the first step fills the window of a look. */
const STEPS_BYTES = [3072, 32 * 1024]

/** What is read after the end that the control block says. */
const SINCE_BYTES = WINDOW_LENGTH_FIRST - 3072

/**
 * The end of a queue by what its writer keeps in the control block, checked against the last record: a few reads, independent of the size of the segment. `undefined` when the two do not
 * fit, or no writer of this library keeps the block.
 */
export function endByControl(segment: ColdSegment, control: ControlBlock): QueueEnd | undefined {
  const { firstSequence } = segment.header
  // A head that a writer of the base format began does not have its first sequence, nor does every sequence in it stand once.
  if (!controlExtensionsAreCurrent(control) || firstSequence === undefined) return undefined
  const said = segment.id === control.currentSegment ? control.writeOffset : segment.header.endOffset
  const last = lastRecordBefore(segment, said, control.nextSequence - 1)
  if (last === undefined) return undefined
  // What was appended since the control block was read.
  const since = countHeaders(segment, said)
  const isNewer = since.count > 0
  const lastSequence = isNewer ? since.lastSequence : control.nextSequence - 1
  const walk = {
    end: since.end,
    lastOffset: isNewer ? since.lastOffset : last.offset,
    count: lastSequence - firstSequence + 1,
    firstSequence,
    lastSequence,
    highestSequence: lastSequence,
    firstTimestampNs: 0n,
    lastTimestampNs: isNewer ? since.lastTimestampNs : last.timestampNs,
    hasLegacy: false,
    stoppedBy: since.stoppedBy,
  }
  return {
    segmentId: segment.id,
    walk,
    rate: undefined,
    provenSequence: -1,
    goesOnAt: undefined,
  }
}

/** The record that ends at an offset, when it has this sequence. */
function lastRecordBefore(
  segment: ColdSegment,
  end: number,
  sequence: number,
): { offset: number; timestampNs: bigint } | undefined {
  if (end <= SEGMENT_FIRST_RECORD_OFFSET || end > segment.end) return undefined
  // Loaded at once: a search that goes back would move the window at every step.
  const load = (lookBackBytes: number): boolean => {
    const lowest = Math.max(SEGMENT_FIRST_RECORD_OFFSET, end - lookBackBytes)
    return segment.loadOnly(lowest, Math.min(segment.end, end + SINCE_BYTES) - lowest)
  }
  let last: WitnessRecord | undefined
  for (const bytes of STEPS_BYTES) last ??= load(bytes) ? findRecordNear(segment, end, bytes) : undefined
  last ??= load(LOOK_BACK_BYTES) ? findRecordBefore(segment, end) : undefined
  if (last?.sequence !== sequence || segment.commitLengthAt(last.offset) === 0) return undefined
  return { offset: last.offset, timestampNs: timestampNsOf(segment, last.offset) }
}
