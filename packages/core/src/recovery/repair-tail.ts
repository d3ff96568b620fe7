import type { QueueDirectory } from '../files/queue-directory.js'
import { encodePaddingHeader, RECORD_ALIGNMENT, RECORD_HEADER_LENGTH } from '../format/index.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { endOfNonZero } from '../segment/record-scan.js'
import { setBytesAside } from './set-aside.js'

/** Zeroes what an append that never committed left between `offset` and `end`. Its commit word is 0, so no reader looks at these bytes. */
export function zeroTornTail(segment: MappedSegment, offset: number, end: number): void {
  segment.bytes.fill(0, offset, Math.min(end, segment.size))
}

/**
 * Ends a segment at `offset`: what stands behind it is set aside, zeroed, and covered by a padding record where there is room for one; then SEALED. A
 * position inside the padded stretch leads on to the next segment, so no offset of it is ever used again. Damage further down stays (`hasHole`): a commit word that it
 * zeroed looks like the end of the segment to whoever is not told where the records end.
 *
 * @returns where the bytes were kept, or `undefined` when there were none.
 */
export function padAndSeal(
  directory: QueueDirectory,
  segment: MappedSegment,
  offset: number,
  hasHole = false,
): string | undefined {
  const end = endOfNonZero(segment, offset)
  let keptAt: string | undefined
  if (end > offset) {
    keptAt = setBytesAside(directory, `segment-${segment.id}-offset-${offset}.bin`, segment.bytes.subarray(offset, end))
    zeroTornTail(segment, offset, Math.ceil(end / RECORD_ALIGNMENT) * RECORD_ALIGNMENT)
  }
  if (offset <= segment.size - RECORD_HEADER_LENGTH) segment.bytes.set(encodePaddingHeader(offset, segment.size), offset)
  segment.clearSummary()
  if (hasHole && segment.firstSequence !== undefined) segment.storeEndOffset(offset)
  segment.storeSealed()
  return keptAt
}
