import { createControl } from '../control/create-control.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import {
  type ControlBlock,
  isExistingSegmentSize,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_MAGIC,
  segmentFileName,
} from '../format/index.js'
import { setFileAside } from '../recovery/set-aside.js'
import { walkHeaders } from '../segment/record-scan.js'
import { glanceAtSegment, listSegments, openSegment, type SegmentGlance } from '../segment/segment-files.js'

/** What the segments tell about a queue whose control block is lost. */
export interface Geometry {
  readonly segmentSize: number
  readonly headId: number
  readonly writerEpoch: number
}

/**
 * Rebuilds `control.meta` from the segments. The head is the highest segment with records; the tail within it is found by recovery, which trusts
 * nothing, because the new block carries no extension fields.
 *
 * @returns `undefined` when no usable segment exists: then there is nothing to rebuild.
 */
export function rebuildControl(directory: QueueDirectory): Geometry | undefined {
  const ids = listSegments(directory)
  let head: { id: number; glance: SegmentGlance } | undefined
  let lowest: { id: number; glance: SegmentGlance } | undefined
  let writerEpoch = 1
  for (const id of ids) {
    const glance = glanceAtSegment(directory, id, 0)
    if (glance === undefined || glance.header.magic !== SEGMENT_MAGIC || glance.header.segmentId !== id) continue
    if (!isExistingSegmentSize(glance.length)) continue
    if (Number.isSafeInteger(glance.header.writerEpoch)) writerEpoch = Math.max(writerEpoch, glance.header.writerEpoch)
    lowest ??= { id, glance }
    if (glance.hasRecords) head = { id, glance }
  }
  const chosen = head ?? lowest
  if (chosen === undefined) return undefined
  const segmentSize = chosen.glance.length
  // The writer of a segment's last records may be a later one than the writer that made it the head.
  writerEpoch = Math.max(writerEpoch, latestEpochIn(directory, chosen.id, segmentSize))
  const geometry = { segmentSize, headId: chosen.id, writerEpoch }
  createControl(directory, { segmentSize: geometry.segmentSize, writerEpoch, currentSegment: chosen.id })
  return geometry
}

/**
 * Whether a control block that looks sound cannot be that of the segments beside it: it gives them a size that none has, or an epoch that no queue reaches. To believe it would
 * set all of them aside. Costs one look at the head where all is well.
 */
export function contradictsSegments(directory: QueueDirectory, block: ControlBlock): boolean {
  if (!Number.isSafeInteger(block.writerEpoch)) return true
  const { segmentSize } = block
  if (glanceAtSegment(directory, block.currentSegment, segmentSize)?.problem === undefined) return false
  const glances = listSegments(directory).map((id) => glanceAtSegment(directory, id, segmentSize))
  if (glances.some((glance) => glance !== undefined && glance.problem === undefined)) return false
  return glances.some((glance) => glance?.header.magic === SEGMENT_MAGIC && isExistingSegmentSize(glance.length))
}

function latestEpochIn(directory: QueueDirectory, segmentId: number, segmentSize: number): number {
  const segment = openSegment(directory, segmentId, segmentSize, false)
  if (segment === undefined) return 0
  const { highestEpoch } = walkHeaders(segment, SEGMENT_HEADER_LENGTH)
  segment.close()
  return highestEpoch
}

/** Puts away files that bear segment names and are none; returns the first id that is free. */
export function setUnusableSegmentsAside(directory: QueueDirectory): number {
  const ids = listSegments(directory)
  for (const id of ids) setFileAside(directory, segmentFileName(id))
  return (ids.at(-1) ?? -1) + 1
}
