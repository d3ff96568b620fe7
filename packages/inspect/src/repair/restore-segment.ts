import { closeSync, fsyncSync, ftruncateSync, linkSync, renameSync, rmSync } from 'node:fs'
import {
  encodeSegmentHeader,
  makeFile,
  openPath,
  type QueueDirectory,
  quarantineEntry,
  readWhole,
  SEGMENT_FLAG_SEALED,
  SEGMENT_FLAGS_OFFSET,
  SEGMENT_HEADER_LENGTH,
  segmentFileName,
  wholeBlocks,
  writeWhole,
} from '@chronicle-ts/core/internal'
import { ColdFile } from '../cold/cold-file.js'
import { ColdSegment } from '../cold/cold-segment.js'
import { StepSkipped } from './locked-reader.js'

/** Bytes that are copied at once. */
const COPY_LENGTH = 1 << 20

/**
 * Makes a segment file usable again without moving a record: puts a copy in its place that has the exact length, the identity where that is wrong, and a seal. What was cut
 * off reads as zeros. The file itself goes to quarantine as it is: it may claim terabytes, which are not copied. It is left alone until the copy is whole, synced and compared with it.
 *
 * @returns where the old file is.
 * @throws StepSkipped when nothing is wrong with the segment any more.
 */
export function restoreSegment(directory: QueueDirectory, segmentId: number, segmentSize: number): string {
  const name = segmentFileName(segmentId)
  const temporary = `${name}.tmp`
  const headerIsGood = hasGoodHeader(directory, segmentId, segmentSize)
  const original = ColdFile.open(directory.at(name))
  if (original === undefined) throw new StepSkipped('the segment is gone')
  try {
    if (headerIsGood && original.opened.size === segmentSize) throw new StepSkipped('nothing is wrong with the segment any more')
    // Half a block at the end of what is left holds no record, and its rest would read as zeros: it stays in the file that is kept.
    const length = Math.min(segmentSize, wholeBlocks(original.opened.size))
    makeFile(directory, temporary, (fd) => {
      copyStart(original, fd, length)
      ftruncateSync(fd, segmentSize)
      if (headerIsGood) sealOpenFile(fd)
      else writeWhole(fd, encodeSegmentHeader({ segmentId, flags: SEGMENT_FLAG_SEALED }), 0)
      fsyncSync(fd)
      compareRecords(original, fd, length)
    })
  } finally {
    original.close()
  }
  return replace(directory, name, temporary)
}

function replace(directory: QueueDirectory, name: string, temporary: string): string {
  try {
    const kept = quarantineEntry(directory, name)
    linkSync(directory.at(name), directory.at(kept))
    renameSync(directory.at(temporary), directory.at(name))
    directory.sync()
    return directory.describe(kept)
  } catch (cause) {
    rmSync(directory.at(temporary), { force: true })
    throw cause
  }
}

function copyStart(from: ColdFile, to: number, lengthMax: number): void {
  const bytes = Buffer.alloc(Math.min(COPY_LENGTH, lengthMax))
  for (let offset = 0; offset < lengthMax; offset += bytes.length) {
    const count = from.readAt(bytes.subarray(0, Math.min(bytes.length, lengthMax - offset)), offset)
    if (count === 0) return
    writeWhole(to, bytes.subarray(0, count), offset)
  }
}

/** Reads the copy back: only one that has every byte of the original, but for its header, may take its place. */
function compareRecords(from: ColdFile, to: number, lengthMax: number): void {
  const [one, other] = [Buffer.alloc(COPY_LENGTH), Buffer.alloc(COPY_LENGTH)]
  for (let offset = SEGMENT_HEADER_LENGTH; offset < lengthMax; offset += COPY_LENGTH) {
    const count = from.readAt(one.subarray(0, Math.min(COPY_LENGTH, lengthMax - offset)), offset)
    if (count === 0) return
    const got = readWhole(to, other.subarray(0, count), offset)
    if (got !== count || one.compare(other, 0, count, 0, count) !== 0)
      throw new Error(`the copy differs from the segment near offset ${offset}`)
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
  writeWhole(fd, word, SEGMENT_FLAGS_OFFSET)
}
