import { closeSync, fsyncSync } from 'node:fs'
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  isSealed,
  openPath,
  readWhole,
  SEGMENT_FLAG_SEALED,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_MAGIC_OFFSET,
  segmentProblem,
  viewOf,
  writeWhole,
} from '@chronicle-ts/core/internal'

/**
 * Clears SEALED and the summary in the copied head: the writer sealed the original after the end was determined, and the copy ends earlier, at `end`.
 *
 * @throws what the system says.
 */
export function openHead(path: string, end: number): void {
  const fd = openPath(path, 'write')
  try {
    const bytes = Buffer.alloc(SEGMENT_HEADER_LENGTH)
    if (readWhole(fd, bytes, 0) < SEGMENT_HEADER_LENGTH) return
    const found = decodeSegmentHeader(viewOf(bytes))
    const { magic: _magic, version: _version, firstSequence, ...header } = found
    // A damaged header is copied as it is.
    if (segmentProblem(found, header.segmentId) !== undefined) return
    if (!isSealed(header) || header.endOffset === 0 || header.endOffset === end) return
    const open = encodeSegmentHeader({
      ...header,
      flags: header.flags & ~SEGMENT_FLAG_SEALED,
      endOffset: 0,
      recordCount: 0,
      lastTimestampNs: 0n,
      ...(firstSequence === undefined ? {} : { firstSequence }),
    })
    writeWhole(fd, open, SEGMENT_MAGIC_OFFSET)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
