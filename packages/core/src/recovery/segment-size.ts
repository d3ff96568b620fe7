import { binding } from '@chronicle-ts/native'
import type { QueueDirectory } from '../files/queue-directory.js'
import { readRegularFile } from '../files/regular-file.js'
import {
  type ControlBlock,
  decodeControlIdentity,
  decodeDurableMark,
  decodeIndex,
  decodeRecordHeader,
  INDEX_FILE,
  INDEX_LENGTH,
  isExistingSegmentSize,
  isNewSegmentSize,
  PADDING_TYPE_ID,
  RECORD_ALIGNMENT,
  recordLength,
  SEGMENT_HEADER_LENGTH,
  SEGMENT_SIZE_MAX,
  SEGMENT_SIZE_MULTIPLE,
  segmentProblem,
} from '../format/index.js'
import { wholeBlocks } from '../records/place.js'
import { surveyRecords } from '../records/record-survey.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import { glanceAtSegment, listSegments, openDamagedSegment, type SegmentGlance } from '../segment/segment-files.js'
import { LEAD_MAX, positionsOf } from './positions-seen.js'

/** A control block as it was found. */
export interface FoundControl {
  readonly block: ControlBlock
  readonly bytes: Uint8Array
}

/** A file with the name of a segment. */
export interface SegmentCandidate {
  readonly id: number
  readonly glance: SegmentGlance
  /** Whether its header is one of the segment that its name says. */
  readonly isOwnHeader: boolean
}

/** What one witness says of the segment size. */
interface Witness {
  /** The size that it has or names; absent when it only has a place in a segment. */
  readonly exact?: number
  /** An offset that it has in a segment: no segment is smaller. */
  readonly atLeast: number
}

const crc32 = (bytes: Uint8Array): number => binding.crc32(bytes)

/** The regular files of a queue with names of segments, by id. */
export function listCandidates(directory: QueueDirectory): SegmentCandidate[] {
  const candidates: SegmentCandidate[] = []
  for (const id of listSegments(directory)) {
    const glance = glanceAtSegment(directory, id, 0)
    if (glance?.isFile) candidates.push({ id, glance, isOwnHeader: segmentProblem(glance.header, id) === undefined })
  }
  return candidates
}

/** How many segments have which length, of those that could have it. */
export function countLengths(candidates: readonly SegmentCandidate[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { glance, isOwnHeader } of candidates)
    if (isOwnHeader && isExistingSegmentSize(glance.length)) counts.set(glance.length, (counts.get(glance.length) ?? 0) + 1)
  return counts
}

/** A checksum covers the segment size: it is what a writer stored. */
export function isProved({ bytes }: FoundControl): boolean {
  const identity = decodeControlIdentity(bytes, crc32)
  return identity !== undefined && identity !== 'bad'
}

/**
 * Weighs what shows the segment size of a queue without a sound control block. Where nothing has the size, because every segment was cut, it is the next one that has room for what is left. `undefined` without a
 * byte of a segment.
 */
export function findSizeOf(
  directory: QueueDirectory,
  candidates: readonly SegmentCandidate[],
  old: FoundControl | undefined,
): number | undefined {
  const weighed = weighSegmentSize(directory, candidates, old)
  if (weighed !== undefined) return weighed
  const longest = Math.max(0, ...candidates.map(({ glance }) => glance.length))
  if (longest === 0) return undefined
  return nextSize(Math.max(longest, ...placeWitnesses(directory, candidates, old).map(({ atLeast }) => atLeast)))
}

/**
 * Each segment speaks for its length, or for the end of its padding record, and against every size below the end of its
 * records. The readers, the index, and the old block speak against every size below their offsets. So one segment that was cut, or that is of another queue, does not outweigh the others.
 */
function weighSegmentSize(
  directory: QueueDirectory,
  candidates: readonly SegmentCandidate[],
  old: FoundControl | undefined,
): number | undefined {
  const said = old === undefined || !isExistingSegmentSize(old.block.segmentSize) ? undefined : old.block.segmentSize
  if (said !== undefined && old !== undefined && isProved(old)) return said
  const witnesses = [...segmentWitnesses(directory, candidates), ...placeWitnesses(directory, candidates, old)]
  const sizes = [...new Set(witnesses.flatMap(({ exact }) => (exact === undefined ? [] : [exact])))]
  if (sizes.length === 0) return undefined
  const weighed = sizes.map((size) => weigh(size, witnesses, said))
  // What is left of segments that were cut speaks for a size that no file has, once every other one is contradicted.
  if (weighed.every(({ against }) => against > 0)) weighed.push(weighSizeOfCut(candidates, witnesses))
  return weighed.sort(byWeight)[0]?.size
}

interface Weighed {
  readonly size: number
  readonly votes: number
  readonly against: number
  readonly isSaid: boolean
}

function weigh(size: number, witnesses: readonly Witness[], said: number | undefined): Weighed {
  const votes = witnesses.filter(({ exact }) => exact === size).length
  const against = witnesses.filter(({ exact, atLeast }) => exact !== size && atLeast > size).length
  return { size, votes, against, isSaid: size === said }
}

function weighSizeOfCut(candidates: readonly SegmentCandidate[], witnesses: readonly Witness[]): Weighed {
  const own = candidates.filter(({ isOwnHeader }) => isOwnHeader)
  const places = witnesses.map(({ atLeast }) => atLeast)
  const size = nextSize(Math.max(...own.map(({ glance }) => glance.length), ...places))
  const votes = own.filter(({ glance }) => !isExistingSegmentSize(glance.length)).length
  return { size, votes, against: 0, isSaid: false }
}

/** A tie goes to a size that this library gives to queues, then to what most witnesses say, then to what the old block says, and then to the larger. */
function byWeight(one: Weighed, other: Weighed): number {
  const difference = other.votes - other.against - (one.votes - one.against)
  const isNew = Number(isNewSegmentSize(other.size)) - Number(isNewSegmentSize(one.size))
  return difference || isNew || other.votes - one.votes || Number(other.isSaid) - Number(one.isSaid) || other.size - one.size
}

function nextSize(length: number): number {
  return Math.ceil(length / SEGMENT_SIZE_MULTIPLE) * SEGMENT_SIZE_MULTIPLE
}

/** The records are read only where the lengths of the segments differ: reading all of a sound queue would cost its size. */
function segmentWitnesses(directory: QueueDirectory, candidates: readonly SegmentCandidate[]): Witness[] {
  const own = candidates.filter(({ isOwnHeader }) => isOwnHeader)
  const differ = new Set(own.map(({ glance }) => glance.length)).size > 1
  return own.map(({ id, glance: { length } }) => {
    const shown = differ ? recordsShow(directory, id, length) : { atLeast: 0 }
    return { ...(isExistingSegmentSize(length) ? { exact: length } : {}), ...shown }
  })
}

/** Where the good records of a segment end. A padding record after them ends where the segment ended. */
function recordsShow(directory: QueueDirectory, segmentId: number, length: number): Witness {
  const segment = openDamagedSegment(directory, segmentId, wholeBlocks(length), false)
  if (segment === undefined) return { atLeast: 0 }
  try {
    const { highestSequence, end } = surveyRecords(segment)
    const exact = endOfPadding(segment, end)
    return { atLeast: highestSequence < 0 ? 0 : end, ...(exact === undefined ? {} : { exact }) }
  } finally {
    segment.close()
  }
}

function endOfPadding(segment: MappedSegment, offset: number): number | undefined {
  if (segment.commitLengthAt(offset) === 0) return undefined
  const { typeId, flags, commitLength } = decodeRecordHeader(segment.view, segment.indexOf(offset))
  const end = offset + recordLength(commitLength - 1)
  return typeId === PADDING_TYPE_ID && flags === 0 && isExistingSegmentSize(end) ? end : undefined
}

/** The readers together are one witness, because one program may have written the files of all. */
function placeWitnesses(
  directory: QueueDirectory,
  candidates: readonly SegmentCandidate[],
  old: FoundControl | undefined,
): Witness[] {
  const limit = (candidates.at(-1)?.id ?? 0) + LEAD_MAX
  const mark = old === undefined ? undefined : decodeDurableMark(old.bytes, crc32)
  const groups = [positionsOf(directory), [hintedEnd(directory)], [mark]]
  return groups.map((places) => {
    const offsets = places.map((place) => (place !== undefined && place.segmentId <= limit ? place.offset : 0))
    return { atLeast: Math.max(0, ...offsets.filter(isOffset)) }
  })
}

function isOffset(offset: number): boolean {
  return offset >= SEGMENT_HEADER_LENGTH && offset <= SEGMENT_SIZE_MAX && offset % RECORD_ALIGNMENT === 0
}

function hintedEnd(directory: QueueDirectory): { segmentId: number; offset: number } | undefined {
  try {
    const hinted = decodeIndex(readRegularFile(directory.at(INDEX_FILE), INDEX_LENGTH + 1))
    return hinted === undefined ? undefined : { segmentId: hinted.currentSegment, offset: hinted.writeOffset }
  } catch {
    // Missing or unreadable: it says nothing.
    return undefined
  }
}
