import { closeSync, copyFileSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ColdSegment } from '../cold/cold-segment.js'
import { encodeSegmentHeader, SEGMENT_FLAG_SEALED, SEGMENT_FLAGS_OFFSET, segmentFileName } from '../format/index.js'
import { quarantinePath } from '../recovery/set-aside.js'

/**
 * Makes a segment file usable again without moving a record: copies it into quarantine, gives it its exact length, its identity where that is wrong, and a seal. What was
 * cut off reads as zeros.
 *
 * @returns where the copy is.
 */
export function mendSegment(directory: string, segmentId: number, segmentSize: number): string {
  const path = join(directory, segmentFileName(segmentId))
  const keptAt = quarantinePath(directory, segmentFileName(segmentId))
  copyFileSync(path, keptAt)
  const headerIsGood = hasGoodHeader(directory, segmentId, segmentSize)
  const fd = openSync(path, 'r+')
  try {
    ftruncateSync(fd, segmentSize)
    if (headerIsGood) sealOpenFile(fd)
    else writeSync(fd, encodeSegmentHeader({ segmentId, flags: SEGMENT_FLAG_SEALED }), 0, undefined, 0)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return keptAt
}

/** Sets SEALED in the header of a segment whose identity is right; `false` when it was set already. */
export function sealSegment(directory: string, segmentId: number): boolean {
  const segment = ColdSegment.open(directory, segmentId)
  const wasSealed = segment?.sealed ?? true
  segment?.close()
  if (wasSealed) return false
  const fd = openSync(join(directory, segmentFileName(segmentId)), 'r+')
  try {
    sealOpenFile(fd)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return true
}

function hasGoodHeader(directory: string, segmentId: number, segmentSize: number): boolean {
  const segment = ColdSegment.open(directory, segmentId, segmentSize)
  const good = segment?.headerProblem === undefined
  segment?.close()
  return good
}

function sealOpenFile(fd: number): void {
  const word = Buffer.alloc(4)
  word.writeUInt32LE(SEGMENT_FLAG_SEALED)
  writeSync(fd, word, 0, word.length, SEGMENT_FLAGS_OFFSET)
}
