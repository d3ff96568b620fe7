import { closeSync, fsyncSync } from 'node:fs'
import {
  encodeSegmentHeader,
  isSealed,
  openPath,
  type QueueDirectory,
  readWhole,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_MAGIC_OFFSET,
  segmentFileName,
  setBytesAside,
  timestampNsOf,
  writeWhole,
} from '@chronicle-ts/core/internal'
import { ColdSegment } from '../cold/cold-segment.js'
import { countHeaders } from '../cold/counted-headers.js'
import { StepSkipped } from './locked-reader.js'

/**
 * Writes into a segment's header what its records are: the first sequence and, where it is sealed, the end, the count, and the last time unless times go back. No record is touched. The step is planned for
 * segments whose records were all read and good.
 *
 * @returns where the old header is kept.
 * @throws StepSkipped when the segment is gone.
 */
export function correctSummary(directory: QueueDirectory, segmentId: number): string {
  const header = describeRecords(directory, segmentId)
  const fd = openPath(directory.at(segmentFileName(segmentId)), 'write')
  try {
    const old = Buffer.alloc(SEGMENT_HEADER_LENGTH)
    readWhole(fd, old, 0)
    const keptAt = setBytesAside(directory, `segment-${segmentId}-header.bin`, old)
    writeWhole(fd, header, SEGMENT_MAGIC_OFFSET)
    fsyncSync(fd)
    return keptAt
  } finally {
    closeSync(fd)
  }
}

/** The header that the segment should have. What it leaves out, as headers of the base format do, stays out. */
function describeRecords(directory: QueueDirectory, segmentId: number): Uint8Array {
  const segment = ColdSegment.open(directory.self, segmentId)
  if (segment === undefined) throw new StepSkipped('the segment is gone')
  try {
    const { header } = segment
    let previousNs = 0n
    let goesBack = false
    const walk = countHeaders(segment, undefined, (offset) => {
      const timestampNs = timestampNsOf(segment, offset)
      goesBack ||= timestampNs < previousNs
      previousNs = timestampNs
      return true
    })
    const told = absentUnlessSafe(header.firstSequence)
    const first = walk.count > 0 && header.firstSequence !== undefined ? walk.firstSequence : told
    const { magic: _magic, version: _version, endOffset, recordCount, lastTimestampNs, ...rest } = header
    // Before the seal there is no summary.
    const summary = isSealed(header)
      ? {
          endOffset: endOffset === 0 ? 0 : walk.end,
          recordCount: recordCount === 0 ? 0 : walk.count,
          lastTimestampNs: goesBack || lastTimestampNs === 0n ? 0n : walk.lastTimestampNs,
        }
      : { endOffset: 0, recordCount: 0, lastTimestampNs: 0n }
    const { firstSequence: _first, ...kept } = rest
    const writerEpoch = absentUnlessSafe(header.writerEpoch) ?? 0
    return encodeSegmentHeader({ ...kept, writerEpoch, ...summary, ...(first === undefined ? {} : { firstSequence: first }) })
  } finally {
    segment.close()
  }
}

/** A number that no field can hold is damage: what stood there is unknown. */
function absentUnlessSafe(value: number | undefined): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined
}
