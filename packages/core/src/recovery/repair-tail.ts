import { binding } from '@chronicle-ts/native'
import { encodePaddingHeader, RECORD_ALIGNMENT, RECORD_HEADER_LENGTH, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { findRecordBefore } from '../records/record-before.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { endOfNonZero } from '../segment/record-scan.js'
import type { RecoveryContext } from './recovery-context.js'

/** Zeroes what an append that never committed left between `offset` and `end`. Its commit word is 0, so no reader looks at these bytes. */
export function zeroTornTail(segment: MappedSegment, offset: number, end: number): void {
  segment.bytes.fill(0, offset, Math.min(end, segment.end))
}

/**
 * Decides to end a segment at `offset`: what follows it is set aside, zeroed, and covered by a padding record where there is room for one; then SEALED. A
 * position inside the padded stretch leads on to the next segment, so no offset of it is ever used again. Damage further down stays (`hasHole`): a commit word that it
 * zeroed looks like the end of the segment to a reader that does not know where the records end.
 *
 * The segment is on the disk before the control block changes: until that is synced too, the next recovery may not know that the machine stopped. The caller closes the
 * segment in a later change.
 *
 * @returns where the bytes will be kept, or `undefined` when there are none.
 */
export function padAndSeal(
  context: RecoveryContext,
  segment: MappedSegment,
  offset: number,
  hasHole = false,
): string | undefined {
  const end = endOfNonZero(segment, offset)
  const keptAt =
    end > offset
      ? context.setBytesAside(`segment-${segment.id}-offset-${offset}.bin`, segment.bytes.subarray(offset, end))
      : undefined
  // The segment may end in a hole, and a store into it would fault on a full disk. What is missing of one that was cut becomes zeros, which lead on as well.
  const headerLength = Math.max(0, Math.min(RECORD_HEADER_LENGTH, segment.end - offset))
  if (headerLength > 0) binding.reserveMapped(segment.mapping, offset, headerLength)
  context.changes.replace(() => {
    if (end > offset) zeroTornTail(segment, offset, Math.ceil(end / RECORD_ALIGNMENT) * RECORD_ALIGNMENT)
    if (headerLength === RECORD_HEADER_LENGTH) segment.bytes.set(encodePaddingHeader(offset, segment.size), offset)
    segment.clearSummary()
    if (hasHole && segment.firstSequence !== undefined) segment.storeEndOffset(offset)
    // It holds no message, so it begins with no sequence: what its header says is that of messages that were never appended, or are lost.
    if (offset === SEGMENT_HEADER_LENGTH) segment.clearFirstSequence()
    segment.storeSealed()
    binding.syncRange(segment.mapping, 0, segment.end)
  })
  return keptAt
}

/** Decides to seal a segment that the queue leaves, and to give its mapping back. `isSynced`: what stands in it may not be on the disk yet. */
export function sealAndClose(context: RecoveryContext, segment: MappedSegment, isSynced = false): void {
  context.ended.add(segment.id)
  context.changes.undoWith(() => segment.close())
  context.changes.replace(() => {
    if (!isSummaryTrue(segment)) segment.clearSummary()
    if (!segment.sealedAcquire()) segment.storeSealed()
    if (isSynced) binding.syncRange(segment.mapping, 0, segment.end)
    segment.close()
  })
}

/**
 * Whether a record ends where the header says that the records end. After a power loss the header may be older than the rest: an earlier recovery ended the segment before
 * that, and its header did not reach the disk.
 */
function isSummaryTrue(segment: MappedSegment): boolean {
  const { endOffset } = segment
  return endOffset !== undefined && findRecordBefore(segment, endOffset) !== undefined
}
