import type { Field } from './field.js'
import { getUint64, setUint64, viewOf } from './uint64.js'

/**
 * Layout of `index.meta`: where the head was at the last flush. A hint that is replaced by rename; a missing or wrong one costs time only.
 *
 * ```text
        0       1       2       3       4       5       6       7
      +---------------------------------------------------------------+
    0 |                         currentSegment                        |
      +---------------------------------------------------------------+
    8 |                          writeOffset                          |
      +---------------------------------------------------------------+
 * ```
 */
export const INDEX_LENGTH = 16

export const INDEX_CURRENT_SEGMENT_OFFSET = 0
export const INDEX_WRITE_OFFSET_OFFSET = 8

export const INDEX_FIELDS: readonly Field[] = [
  { name: 'currentSegment', offset: INDEX_CURRENT_SEGMENT_OFFSET, length: 8 },
  { name: 'writeOffset', offset: INDEX_WRITE_OFFSET_OFFSET, length: 8 },
]

export interface IndexHint {
  readonly currentSegment: number
  readonly writeOffset: number
}

/** The hint, or `undefined` when the bytes cannot be one. */
export function decodeIndex(bytes: Uint8Array): IndexHint | undefined {
  if (bytes.length !== INDEX_LENGTH) return undefined
  const view = viewOf(bytes)
  const hint = {
    currentSegment: getUint64(view, INDEX_CURRENT_SEGMENT_OFFSET),
    writeOffset: getUint64(view, INDEX_WRITE_OFFSET_OFFSET),
  }
  return Number.isFinite(hint.currentSegment) && Number.isFinite(hint.writeOffset) ? hint : undefined
}

export function encodeIndex(hint: IndexHint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(INDEX_LENGTH)
  const view = viewOf(bytes)
  setUint64(view, INDEX_CURRENT_SEGMENT_OFFSET, hint.currentSegment)
  setUint64(view, INDEX_WRITE_OFFSET_OFFSET, hint.writeOffset)
  return bytes
}
