import { fstatSync, lstatSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import { SEGMENT_IDS_WALKED_MAX } from '../defaults.js'
import { BadSegmentError, fromSystemError } from '../errors/index.js'
import { closeQuietly } from '../files/close-quietly.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { openPath } from '../files/regular-file.js'
import { readWhole } from '../files/whole-transfer.js'
import {
  decodeRecordHeader,
  decodeSegmentHeader,
  parseSegmentFileName,
  RECORD_FLAG_HEADER_CRC,
  RECORD_HEADER_LENGTH,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
  type SegmentHeader,
  segmentFileName,
} from '../format/index.js'
import { wholeBlocks } from '../records/place.js'
import { MappedSegment } from './mapped-segment.js'

const NO_FILE = 'not a regular file'

/** The smallest page of a system on which this library runs. */
const PAGE_LENGTH = 4096

/** Ids of all published segments of a queue, ascending. Costs a directory listing: not for hot paths, nor for opening a queue. */
export function listSegments(directory: QueueDirectory): number[] {
  const ids: number[] = []
  for (const name of directory.names()) {
    const id = parseSegmentFileName(name)
    if (id !== undefined) ids.push(id)
  }
  return ids.sort((a, b) => a - b)
}

/**
 * Ids of the segments in a range that follow each other without a gap, as ids do. Where the range is so wide that it has gaps, the ids of those that exist. So a head far above
 * the others costs a listing, and not a step for each id in between.
 */
export function segmentIdsBetween(directory: QueueDirectory, range: { readonly from: number; readonly to: number }): number[] {
  const { from, to } = range
  if (to - from + 1 > SEGMENT_IDS_WALKED_MAX) return listSegments(directory).filter((id) => id >= from && id <= to)
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}

/** How many ids {@link segmentIdsBetween} gives. */
export function countSegmentsBetween(directory: QueueDirectory, range: { readonly from: number; readonly to: number }): number {
  const count = range.to - range.from + 1
  return count <= SEGMENT_IDS_WALKED_MAX ? count : segmentIdsBetween(directory, range).length
}

/** The path of a segment for system calls. */
export function segmentPath(directory: QueueDirectory, segmentId: number): string {
  return directory.at(segmentFileName(segmentId))
}

/** Whether anything has the segment's name: a file, a directory, a link. */
export function segmentExists(directory: QueueDirectory, segmentId: number): boolean {
  try {
    return lstatSync(segmentPath(directory, segmentId), { throwIfNoEntry: false }) !== undefined
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(segmentFileName(segmentId)) })
  }
}

/** What a look at a segment file says without mapping it. */
export interface SegmentGlance {
  readonly length: number
  readonly header: SegmentHeader
  /** Whether the first record of the segment is committed. */
  readonly hasRecords: boolean
  /** Sequence and timestamp of the first record; meaningless when there is none. */
  readonly firstSequence: number
  readonly firstTimestampNs: bigint
  readonly firstTypeId: number
  readonly firstHasHeaderCrc: boolean
  readonly isFile: boolean
  /** What makes the file unusable as this segment, or `undefined`. */
  readonly problem: string | undefined
}

/** Reads header and first record header of a segment with one `pread`; `undefined` when there is no such file. */
export function glanceAtSegment(directory: QueueDirectory, segmentId: number, segmentSize: number): SegmentGlance | undefined {
  return inSegmentFile(directory, { segmentId, writable: false }, (fd) => glanceAt(fd, segmentId, segmentSize))
}

/**
 * Maps a published segment after checking that it is what its name says.
 *
 * @returns `undefined` when there is no such file.
 * @throws {@link BadSegmentError} `ERR_BAD_SEGMENT` when magic, version, id or length are wrong: mapping it would end in a fault.
 */
export function openSegment(
  directory: QueueDirectory,
  segmentId: number,
  segmentSize: number,
  writable: boolean,
): MappedSegment | undefined {
  return inSegmentFile(directory, { segmentId, writable }, (fd) => {
    const { problem } = glanceAt(fd, segmentId, segmentSize)
    if (problem === undefined) return new MappedSegment(segmentId, binding.mapFile(fd, segmentSize, writable))
    throw new BadSegmentError({ path: directory.describe(segmentFileName(segmentId)), segmentId, detail: problem })
  })
}

/**
 * Maps as much of a segment file as is there, at most `size` bytes, independent of its header. For recovery and readers that skip damage, which weigh what stands in it. For writing the last page is
 * mapped as a whole, whose rest reads as zeros.
 *
 * @returns `undefined` when there is no such file, or not enough of it for one record.
 */
export function openDamagedSegment(
  directory: QueueDirectory,
  segmentId: number,
  size: number,
  writable: boolean,
): MappedSegment | undefined {
  return inSegmentFile(directory, { segmentId, writable, mayBeDirectory: true }, (fd) => {
    const stat = fstatSync(fd)
    const there = Math.min(stat.size, size)
    const length = writable ? Math.min(size, Math.ceil(there / PAGE_LENGTH) * PAGE_LENGTH) : wholeBlocks(there)
    if (!stat.isFile() || length < SEGMENT_HEADER_LENGTH + RECORD_HEADER_LENGTH) return undefined
    return new MappedSegment(segmentId, binding.mapFile(fd, length, writable), { size })
  })
}

interface SegmentAccess {
  readonly segmentId: number
  readonly writable: boolean
  /** A directory of that name, which cannot be opened for writing, counts as missing. */
  readonly mayBeDirectory?: boolean
}

/** Opens what has a segment's name for the duration of a call; `undefined` when nothing does. @throws what the system refuses, as an error of a queue. */
function inSegmentFile<Result>(
  directory: QueueDirectory,
  { segmentId, writable, mayBeDirectory = false }: SegmentAccess,
  use: (fd: number) => Result,
): Result | undefined {
  const path = directory.describe(segmentFileName(segmentId))
  let fd: number
  try {
    fd = openPath(segmentPath(directory, segmentId), writable ? 'write' : 'read')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || (mayBeDirectory && code === 'EISDIR')) return undefined
    throw fromSystemError(cause, { path })
  }
  try {
    return use(fd)
  } catch (cause) {
    throw fromSystemError(cause, { path })
  } finally {
    closeQuietly(fd)
  }
}

function glanceAt(fd: number, segmentId: number, segmentSize: number): SegmentGlance {
  const stat = fstatSync(fd)
  const bytes = Buffer.alloc(SEGMENT_HEADER_LENGTH + RECORD_HEADER_LENGTH)
  if (stat.isFile()) readWhole(fd, bytes, 0)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const header = decodeSegmentHeader(view)
  const record = decodeRecordHeader(view, SEGMENT_HEADER_LENGTH)
  return {
    length: stat.size,
    header,
    hasRecords: record.commitLength !== 0,
    firstSequence: record.sequence,
    firstTimestampNs: record.timestampNs,
    firstTypeId: record.typeId,
    firstHasHeaderCrc: (record.flags & RECORD_FLAG_HEADER_CRC) !== 0,
    isFile: stat.isFile(),
    problem: stat.isFile() ? describeProblem(header, stat.size, segmentId, segmentSize) : NO_FILE,
  }
}

function describeProblem(header: SegmentHeader, length: number, segmentId: number, segmentSize: number): string | undefined {
  if (header.magic !== SEGMENT_MAGIC) return `magic is 0x${header.magic.toString(16)}`
  if (header.version !== SEGMENT_VERSION) return `version is ${header.version}`
  if (header.segmentId !== segmentId) return `header says segment ${header.segmentId}`
  if (length !== segmentSize) return `length is ${length} instead of ${segmentSize}`
  return undefined
}
