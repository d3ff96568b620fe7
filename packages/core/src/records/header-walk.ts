import {
  PADDING_TYPE_ID,
  RECORD_HEADER_LENGTH,
  RECORD_TYPE_ID_OFFSET,
  recordLength,
  SEGMENT_FIRST_RECORD_OFFSET,
} from '../format/index.js'
import type { SegmentBytes } from './segment-bytes.js'

/** Where a walk ended, and why. */
export interface HeaderWalk {
  /** Offset after the last record that was walked. */
  readonly end: number
  /** Offset of that record; -1 when there was none. */
  readonly lastOffset: number
  readonly stoppedBy: 'uncommitted' | 'padding' | 'segment-end' | 'bad-length' | 'visitor'
}

/** Called with the offset of each record; `false` ends the walk before it. */
export type RecordVisitor = (offset: number) => boolean

/** Walks committed records by their lengths alone, checking no checksum: for counting and finding, not for reading. */
export function walkHeaders(bytes: SegmentBytes, visit: RecordVisitor, from: number = SEGMENT_FIRST_RECORD_OFFSET): HeaderWalk {
  let at = from
  let lastOffset = -1
  for (;;) {
    const commitLength = bytes.commitLengthAt(at)
    if (commitLength === 0) {
      const hasRoom = at + RECORD_HEADER_LENGTH <= bytes.end
      return { end: at, lastOffset, stoppedBy: hasRoom ? 'uncommitted' : 'segment-end' }
    }
    const length = recordLength(commitLength - 1)
    if (at + length > bytes.end) return { end: at, lastOffset, stoppedBy: 'bad-length' }
    const isPadding = bytes.view.getUint16(bytes.indexOf(at) + RECORD_TYPE_ID_OFFSET, true) === PADDING_TYPE_ID
    if (isPadding) return { end: at, lastOffset, stoppedBy: 'padding' }
    if (!visit(at)) return { end: at, lastOffset, stoppedBy: 'visitor' }
    lastOffset = at
    at += length
  }
}
