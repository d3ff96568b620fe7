import { closeSync, fsyncSync, ftruncateSync, linkSync, renameSync, rmSync, writeSync } from 'node:fs'
import { ColdFile } from '../cold/cold-file.js'
import { ColdSegment } from '../cold/cold-segment.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { openPath } from '../files/regular-file.js'
import { encodeSegmentHeader, SEGMENT_FLAG_SEALED, SEGMENT_FLAGS_OFFSET, segmentFileName } from '../format/index.js'
import { quarantineEntry } from '../recovery/set-aside.js'

/** Bytes that are copied at once. */
const COPY_LENGTH = 1 << 20

/**
 * Makes a segment file usable again without moving a record: puts a copy in its place that has the exact length, the identity where that is wrong, and a seal. What was cut
 * off reads as zeros. The file itself goes to quarantine as it is: it may claim terabytes, which nobody should copy.
 *
 * @returns where the old file is.
 */
export function mendSegment(directory: QueueDirectory, segmentId: number, segmentSize: number): string {
  const path = directory.at(segmentFileName(segmentId))
  const temporary = `${path}.tmp`
  const kept = quarantineEntry(directory, segmentFileName(segmentId))
  const headerIsGood = hasGoodHeader(directory, segmentId, segmentSize)
  rmSync(temporary, { force: true })
  const fd = openPath(temporary, 'createNew')
  try {
    copyStart(path, fd, segmentSize)
    ftruncateSync(fd, segmentSize)
    if (headerIsGood) sealOpenFile(fd)
    else writeSync(fd, encodeSegmentHeader({ segmentId, flags: SEGMENT_FLAG_SEALED }), 0, undefined, 0)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  linkSync(path, directory.at(kept))
  renameSync(temporary, path)
  directory.sync()
  return directory.describe(kept)
}

function copyStart(from: string, to: number, lengthMax: number): void {
  const file = ColdFile.open(from)
  try {
    const bytes = Buffer.alloc(Math.min(COPY_LENGTH, lengthMax))
    for (let offset = 0; offset < lengthMax; offset += bytes.length) {
      const count = file?.readAt(bytes.subarray(0, lengthMax - offset), offset) ?? 0
      if (count === 0) return
      writeSync(to, bytes, 0, count, offset)
    }
  } finally {
    file?.close()
  }
}

/** Sets SEALED in the header of a segment whose identity is right; `false` when it was set already. */
export function sealSegment(directory: QueueDirectory, segmentId: number): boolean {
  const segment = ColdSegment.open(directory.self, segmentId)
  const wasSealed = segment?.sealed ?? true
  segment?.close()
  if (wasSealed) return false
  const fd = openPath(directory.at(segmentFileName(segmentId)), 'write')
  try {
    sealOpenFile(fd)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return true
}

function hasGoodHeader(directory: QueueDirectory, segmentId: number, segmentSize: number): boolean {
  const segment = ColdSegment.open(directory.self, segmentId, segmentSize)
  const good = segment?.headerProblem === undefined
  segment?.close()
  return good
}

function sealOpenFile(fd: number): void {
  const word = Buffer.alloc(4)
  word.writeUInt32LE(SEGMENT_FLAG_SEALED)
  writeSync(fd, word, 0, word.length, SEGMENT_FLAGS_OFFSET)
}
