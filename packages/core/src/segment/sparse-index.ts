import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '@chronicle-ts/native'
import type { QueueDirectory } from '../files/queue-directory.js'
import { readRegularFile } from '../files/regular-file.js'
import {
  decodeRecordHeader,
  decodeSparseIndex,
  encodeSparseIndex,
  SEGMENT_HEADER_LENGTH,
  SPARSE_INDEX_DIRECTORY,
  SPARSE_INDEX_STRIDE,
  type SparseIndexEntry,
  sparseIndexFileName,
} from '../format/index.js'
import { walkHeaders } from '../records/header-walk.js'
import { sequenceOf, timestampNsOf } from '../records/segment-bytes.js'
import type { MappedSegment } from './mapped-segment.js'
import { segmentPath } from './segment-files.js'

const INDEX_SUFFIX = '.idx'

const crc32 = (bytes: Uint8Array): number => binding.crc32(bytes)

/** In the queue's directory. */
export function sparseIndexName(segmentId: number): string {
  return join(SPARSE_INDEX_DIRECTORY, sparseIndexFileName(segmentId))
}

export function sparseIndexPath(directory: QueueDirectory, segmentId: number): string {
  return directory.at(sparseIndexName(segmentId))
}

/**
 * The sparse index of a sealed segment: from its file, or, when that is missing or wrong, made by walking the segment once. `persist` keeps what was made, for
 * the next search; observers do not. The head has none: it still grows, and searching it walks it.
 */
export function sparseIndexOf(directory: QueueDirectory, segment: MappedSegment, persist: boolean): readonly SparseIndexEntry[] {
  if (!segment.sealedAcquire()) return []
  const saved = loadSparseIndex(directory, segment)
  if (saved !== undefined) return saved
  const built = buildSparseIndex(segment)
  if (persist) saveSparseIndex(directory, segment.id, built)
  return built
}

/** An index of another segment, or of one that was repaired since, does not match the records that it names. */
function loadSparseIndex(directory: QueueDirectory, segment: MappedSegment): SparseIndexEntry[] | undefined {
  try {
    const bytes = directory.inFolder(SPARSE_INDEX_DIRECTORY, (folder) =>
      readRegularFile(folder.at(sparseIndexFileName(segment.id)), segment.view.byteLength),
    )
    const entries = bytes && decodeSparseIndex(bytes, segment.id, crc32)
    return entries?.every((entry) => isRecordThere(segment, entry)) ? entries : undefined
  } catch {
    return undefined
  }
}

function isRecordThere(segment: MappedSegment, entry: SparseIndexEntry): boolean {
  const { offset } = entry
  if (offset % SEGMENT_HEADER_LENGTH !== 0 || offset < SEGMENT_HEADER_LENGTH || offset > segment.lastRecordOffset) return false
  return segment.commitLengthAcquire(offset) !== 0 && decodeRecordHeader(segment.view, offset).sequence === entry.sequence
}

/** Walks the records by their lengths; decodes only those that it keeps. */
export function buildSparseIndex(segment: MappedSegment): SparseIndexEntry[] {
  const entries: SparseIndexEntry[] = []
  let nextEntryAt = 0
  walkHeaders(segment, (offset) => {
    if (offset < nextEntryAt) return true
    entries.push({ sequence: sequenceOf(segment, offset), timestampNs: timestampNsOf(segment, offset), offset })
    nextEntryAt = offset + SPARSE_INDEX_STRIDE
    return true
  })
  return entries
}

/** Deletes indices of segments that are not there: of a reader that was killed while it made one and retention deleted the segment. A failure leaves files that no search looks at. */
export function removeIndicesBelow(directory: QueueDirectory, segmentId: number): void {
  try {
    const isBelow = (name: string): boolean => name.endsWith(INDEX_SUFFIX) && Number.parseInt(name, 10) < segmentId
    directory.inFolder(SPARSE_INDEX_DIRECTORY, (folder) => {
      for (const name of folder.names()) if (isBelow(name)) rmSync(folder.at(name), { force: true })
    })
  } catch {
    // The next writer tries again.
  }
}

/**
 * Written in place: a process that is killed in the middle of it leaves what a search considers missing and makes again. The same holds for an index whose segment retention deletes
 * meanwhile: either this sees that the segment is gone, or retention still has the index to remove. When the process is killed in between, the next writer with retention removes it.
 */
function saveSparseIndex(directory: QueueDirectory, segmentId: number, entries: readonly SparseIndexEntry[]): void {
  try {
    using folder = directory.makeFolder(SPARSE_INDEX_DIRECTORY)
    const path = folder.at(sparseIndexFileName(segmentId))
    // A pipe in its place would never take the bytes, and a link leads to another file.
    rmSync(path, { force: true })
    writeFileSync(path, encodeSparseIndex(segmentId, entries, crc32), { flag: 'wx', mode: folder.fileMode })
    if (!existsSync(segmentPath(directory, segmentId))) rmSync(path, { force: true })
  } catch {
    // A full or read-only disk: the next search walks the segment again.
  }
}

/** The last entry that is before the target, by bisection: from there on a walk finds it. */
export function lastEntryBefore(
  entries: readonly SparseIndexEntry[],
  isBefore: (entry: SparseIndexEntry) => boolean,
): SparseIndexEntry | undefined {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const entry = entries[middle]
    if (entry !== undefined && isBefore(entry)) low = middle + 1
    else high = middle
  }
  return entries[low - 1]
}
