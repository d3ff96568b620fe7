import { RECORD_ALIGNMENT } from '@chronicle-ts/core/internal'
import type { ColdSegment } from './cold-segment.js'

const PIECE_LENGTH = 1024 * 1024
const ZEROS = Buffer.alloc(PIECE_LENGTH)

/** The first record boundary at or behind `offset` whose 64 bytes are not all zero; `undefined` when the rest of the segment is empty. */
export function firstDirtyOffset(segment: ColdSegment, offset: number): number | undefined {
  const piece = Buffer.allocUnsafe(PIECE_LENGTH)
  for (let at = offset; at < segment.end; at += PIECE_LENGTH) {
    const got = segment.file.readAt(piece.subarray(0, Math.min(PIECE_LENGTH, segment.end - at)), at)
    const bytes = piece.subarray(0, got)
    if (!bytes.equals(ZEROS.subarray(0, got))) return at + firstNonZero(bytes)
    if (got < PIECE_LENGTH) break
  }
  return undefined
}

function firstNonZero(bytes: Buffer): number {
  let index = 0
  while (bytes[index] === 0) index += 1
  return index - (index % RECORD_ALIGNMENT)
}
