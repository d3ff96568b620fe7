import { ftruncateSync, rmSync } from 'node:fs'
import { fromSystemError } from '../errors/index.js'
import { makeFile } from '../files/make-file.js'
import { writeWhole } from '../files/whole-transfer.js'
import {
  encodePaddingHeader,
  encodeSegmentHeader,
  RECORD_HEADER_LENGTH,
  SEGMENT_FLAG_SEALED,
  SEGMENT_HEADER_LENGTH,
  segmentFileName,
  segmentTemporaryFileName,
} from '../format/index.js'
import type { RecoveryContext } from './recovery-context.js'

/**
 * Decides to put a segment in this place that only leads on: header, padding record, SEALED. A position in it leads to the next segment, so that none is used twice. What
 * had its name is set aside.
 */
export function putLeadOnSegment(context: RecoveryContext, segmentId: number): void {
  const { directory, changes } = context
  const temporary = segmentTemporaryFileName(segmentId)
  context.ended.add(segmentId)
  changes.add(() => {
    writeLeadOn(context, segmentId, temporary)
    return () => rmSync(directory.at(temporary), { force: true })
  })
  context.putInPlace(temporary, segmentFileName(segmentId))
}

function writeLeadOn({ directory, segmentSize }: RecoveryContext, segmentId: number, temporary: string): void {
  const bytes = new Uint8Array(SEGMENT_HEADER_LENGTH + RECORD_HEADER_LENGTH)
  bytes.set(encodeSegmentHeader({ segmentId, flags: SEGMENT_FLAG_SEALED }))
  bytes.set(encodePaddingHeader(SEGMENT_HEADER_LENGTH, segmentSize), SEGMENT_HEADER_LENGTH)
  try {
    makeFile(directory, temporary, (fd) => {
      // Sized first: a file that another power cut leaves short must not pass for a segment of a smaller queue.
      ftruncateSync(fd, segmentSize)
      writeWhole(fd, bytes, 0)
    })
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(temporary) })
  }
}
