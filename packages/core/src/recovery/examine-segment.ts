import { closeSync, ftruncateSync } from 'node:fs'
import { assert } from '../errors/assert.js'
import { fromSystemError } from '../errors/index.js'
import { openPath } from '../files/regular-file.js'
import { readWhole, writeWhole } from '../files/whole-transfer.js'
import {
  encodeSegmentHeader,
  SEGMENT_FLAG_SEALED,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
  segmentFileName,
  segmentProblem,
} from '../format/index.js'
import { isGoodRecord } from '../records/judge-record.js'
import { wholeBlocks } from '../records/place.js'
import { surveyRecords } from '../records/record-survey.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { glanceAtSegment, openDamagedSegment, openSegment, type SegmentGlance, segmentPath } from '../segment/segment-files.js'
import type { RecoveryContext } from './recovery-context.js'
import { isSegmentOfQueue, type NextRecord } from './segment-identity.js'

/** How recovery classifies a file with the name of a segment. */
export interface ExaminedSegment {
  readonly id: number
  readonly glance: SegmentGlance
  /**
   * `whole`: can be used as it is. `damaged`: its header or its length is wrong, and what else is known says that it is this segment. `foreign`: nothing says that it
   * is a segment of this queue.
   */
  readonly state: 'whole' | 'damaged' | 'foreign'
  readonly hasRecords: boolean
  readonly sealed: boolean
}

/** Looks at one segment. Costs one `pread` where all is well. `next`: the record that comes next in the queue, where that is known. */
export function examineSegment(context: RecoveryContext, segmentId: number, next?: NextRecord): ExaminedSegment | undefined {
  const glance = glanceAtSegment(context.directory, segmentId, context.segmentSize)
  if (glance === undefined) return undefined
  const sealed = (glance.header.flags & SEGMENT_FLAG_SEALED) !== 0
  if (glance.problem === undefined) return { id: segmentId, glance, state: 'whole', hasRecords: glance.hasRecords, sealed }
  const segment = openDamagedSegment(context.directory, segmentId, context.segmentSize, false)
  const foreign = { id: segmentId, glance, state: 'foreign', hasRecords: false, sealed: false } as const
  if (segment === undefined) return isOwnHeader(glance, segmentId) ? { ...foreign, state: 'damaged' } : foreign
  try {
    const survey = surveyRecords(segment)
    if (!isSegmentOfQueue(context, { segment, header: glance.header, survey, next })) {
      context.misplacedSequence = Math.max(context.misplacedSequence, survey.highestSequence)
      return foreign
    }
    return {
      id: segmentId,
      glance,
      state: 'damaged',
      hasRecords: survey.firstSequence !== undefined,
      sealed: sealed && isOwnHeader(glance, segmentId),
    }
  } finally {
    segment.close()
  }
}

function isOwnHeader({ header }: SegmentGlance, segmentId: number): boolean {
  return segmentProblem(header, segmentId) === undefined
}

/** Maps a segment for writing, as far as it is there. One that is damaged gets its length and its header when the open succeeds. */
export function mapForRepair(context: RecoveryContext, examined: ExaminedSegment): MappedSegment {
  const { id, state } = examined
  if (state === 'damaged') {
    clearHalfBlock(context, examined)
    correctLength(context, examined)
  }
  const { directory, segmentSize } = context
  const segment =
    state === 'whole' ? openSegment(directory, id, segmentSize, true) : openDamagedSegment(directory, id, segmentSize, true)
  assert(segment !== undefined, 'no segment vanishes while the writer lock is held')
  if (state === 'damaged') correctHeader(context, examined, segment)
  return segment
}

/**
 * Zeroes what stands after the last whole block of a file that was cut: filled up with zeros, half of a header can look like that of an empty message. Done at once, because what follows decides by what is mapped;
 * an open that fails takes it back. A reader sees whole blocks only.
 */
function clearHalfBlock(context: RecoveryContext, { id, glance }: ExaminedSegment): void {
  const { segmentSize } = context
  const offset = wholeBlocks(glance.length)
  if (glance.length >= segmentSize || offset === glance.length) return
  const bytes = Buffer.alloc(glance.length - offset)
  const overwrite = (by: Uint8Array) => withFile(context, id, 'write', (fd) => writeWhole(fd, by, offset))
  withFile(context, id, 'read', (fd) => readWhole(fd, bytes, offset))
  if (bytes.every((byte) => byte === 0)) return
  context.keepBytesNow(`segment-${id}-offset-${offset}.bin`, bytes)
  context.changes.undoWith(() => overwrite(bytes))
  overwrite(new Uint8Array(bytes.length))
}

function withFile({ directory }: RecoveryContext, segmentId: number, access: 'read' | 'write', use: (fd: number) => void): void {
  try {
    const fd = openPath(segmentPath(directory, segmentId), access)
    try {
      use(fd)
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(segmentFileName(segmentId)) })
  }
}

/**
 * What is missing reads as zeros then, in which there is no record. The length that a file was cut to says that messages are lost, so it stays until the control block has the sequence with which
 * the queue goes on.
 */
function correctLength(context: RecoveryContext, { id, glance }: ExaminedSegment): void {
  const { segmentSize, changes } = context
  const { length } = glance
  if (length === segmentSize) return
  context.note('damaged-segment', { segmentId: id }, `length ${length} instead of ${segmentSize}`)
  if (length > segmentSize) keepExcess(context, id, length)
  changes.replace(() => withFile(context, id, 'write', (fd) => ftruncateSync(fd, segmentSize)))
}

/** Bytes after the end that are looked at: what a file system or a copy appends, not an endless hole. */
const EXCESS_MAX = 1 << 20

/** Nothing was ever appended after a segment's end. What stands there is kept, as far as it is not endless. */
function keepExcess(context: RecoveryContext, segmentId: number, length: number): void {
  const bytes = Buffer.alloc(Math.min(length - context.segmentSize, EXCESS_MAX))
  let count = 0
  withFile(context, segmentId, 'read', (fd) => {
    count = readWhole(fd, bytes, context.segmentSize)
  })
  const excess = bytes.subarray(0, count)
  if (excess.some((byte) => byte !== 0)) context.setBytesAside(`segment-${segmentId}-offset-${context.segmentSize}.bin`, excess)
}

function correctHeader(context: RecoveryContext, { id, glance, sealed }: ExaminedSegment, segment: MappedSegment): void {
  const problem = segmentProblem(glance.header, id)
  if (problem === undefined) return
  const old = Buffer.from(segment.bytes.subarray(0, SEGMENT_HEADER_LENGTH))
  const { header } = glance
  const isLost = header.magic !== SEGMENT_MAGIC && header.version !== SEGMENT_VERSION
  // Its first record has it, when that is there: what follows a lost one would have another.
  const firstSequence = isLost ? firstSequenceIn(segment, glance) : header.firstSequence
  const flags = sealed ? SEGMENT_FLAG_SEALED : 0
  // The rest of the header stays when only its identity is damaged.
  const kept = isLost ? { flags, firstSequence } : { ...header, flags, firstSequence }
  if (old.some((byte) => byte !== 0)) context.setBytesAside(`segment-${id}-offset-0.bin`, old)
  context.note('damaged-segment', { segmentId: id }, `${problem}; its records are those of this segment`)
  context.changes.replace(() => segment.bytes.set(encodeSegmentHeader({ ...safe(kept), segmentId: id })))
}

function firstSequenceIn(segment: MappedSegment, { hasRecords, firstSequence }: SegmentGlance): number | undefined {
  return hasRecords && isGoodRecord(segment, SEGMENT_HEADER_LENGTH) ? firstSequence : undefined
}

/** A number that no field can hold is damage, and absent. */
function safe(header: Partial<SegmentGlance['header']>): Partial<SegmentGlance['header']> {
  const entries = Object.entries(header).filter(([, value]) => typeof value !== 'number' || Number.isSafeInteger(value))
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}
