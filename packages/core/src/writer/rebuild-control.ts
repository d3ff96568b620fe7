import { binding } from '@chronicle-ts/native'
import { writeTemporaryControl } from '../control/create-control.js'
import { readControl } from '../control/open-control.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import {
  type ControlBlock,
  DURABLE_SLOT_COUNT,
  decodeControlIdentity,
  decodeDurableMark,
  decodeDurableSlot,
  decodeSequenceFloor,
  durableSlotOffset,
  encodeControl,
  encodeDurableSlot,
  isNewSegmentSize,
  isSealed,
  type NewControlBlock,
  storeSequenceFloor,
} from '../format/index.js'
import { recordsIn } from '../records/record-presence.js'
import {
  countLengths,
  type FoundControl,
  findSizeOf,
  isProved,
  listCandidates,
  type SegmentCandidate,
} from '../recovery/segment-size.js'
import { glanceAtSegment, openDamagedSegment } from '../segment/segment-files.js'
import { surveySegment } from '../segment/segment-survey.js'

/** What the segments, and a control block that cannot be used, show about a queue. */
export interface Geometry {
  readonly segmentSize: number
  readonly headId: number
  readonly writerEpoch: number
  /** The next sequence as the old block had it, or how far it said that messages are durable; 0 when it had neither. */
  readonly saidSequence: number
  /** Whether the old block reported the next sequence itself. */
  readonly saysNext: boolean
}

const crc32 = (bytes: Uint8Array): number => binding.crc32(bytes)

/** How repair rebuilds a control block, beside how a writer does that which opens a queue. */
export interface RebuildOptions {
  /**
   * Accepts segments of which nothing shows the size and in which no record is left. The last one is the head then, so that repair also puts those below it right. Otherwise these are not a queue to go on
   * from.
   */
  readonly mayBeEmpty?: boolean
  /** Returns what the block says besides, from a reading of every record. Without it recovery, which follows, finds the tail. */
  readonly contentOf?: (geometry: Geometry) => Partial<NewControlBlock>
}

/**
 * Rebuilds the control block from the segments, under its temporary name. The head is the highest segment with records; the tail within it is found by recovery, which trusts
 * nothing, because the new block carries no extension fields. What the old block says and can prove is taken over.
 *
 * @returns `undefined` when no usable segment exists: then there is nothing to rebuild.
 */
export function rebuildControl(
  directory: QueueDirectory,
  old: FoundControl | undefined,
  { mayBeEmpty = false, contentOf = () => ({}) }: RebuildOptions = {},
): Geometry | undefined {
  const candidates = listCandidates(directory)
  const segmentSize = findSizeOf(directory, candidates, old)
  if (segmentSize === undefined) return undefined
  const isWhole = ({ glance, isOwnHeader }: SegmentCandidate) => isOwnHeader && glance.length === segmentSize
  const usable = candidates.filter(isWhole)
  const last = candidates.findLast((candidate) => hasRecords(directory, candidate, { segmentSize, isWhole: isWhole(candidate) }))
  const head = successorOf(last, usable) ?? last ?? (mayBeEmpty ? candidates.at(-1) : usable[0])
  if (head === undefined) return undefined
  const said = old?.block.writerEpoch ?? 0
  const epochs = candidates
    .filter(({ isOwnHeader }) => isOwnHeader)
    .map(({ glance }) => glance.header.writerEpoch)
    .concat(said, latestEpochIn(directory, head.id, segmentSize))
  const writerEpoch = Math.max(1, ...epochs.filter((epoch) => Number.isSafeInteger(epoch)))
  const geometry = { segmentSize, headId: head.id, writerEpoch, ...saidSequence(old) }
  const fields = { ...keptFields(old), segmentSize, writerEpoch, currentSegment: head.id, ...contentOf(geometry) }
  const bytes = encodeControl(fields)
  keepDurableMarks(bytes, old)
  if (old !== undefined) storeSequenceFloor(bytes, decodeSequenceFloor(old.bytes, crc32), crc32)
  writeTemporaryControl(directory, bytes)
  return geometry
}

/** The segment that a writer entered when it left this one. It may have no record yet. */
function successorOf(left: SegmentCandidate | undefined, usable: readonly SegmentCandidate[]): SegmentCandidate | undefined {
  if (left === undefined || !isSealed(left.glance.header)) return undefined
  return usable.find(({ id }) => id === left.id + 1)
}

/** The control block as it is found, as far as its segments do not contradict it; `undefined` without one. */
export function findOldControl(directory: QueueDirectory): FoundControl | undefined {
  const { state, block, bytes } = readControl(directory)
  if (block === undefined || bytes === undefined) return undefined
  const isUnknown = state === 'foreign' || state === 'version' || state === 'geometry'
  return isUnknown ? credibleBlock(directory, { block, bytes }) : { block, bytes }
}

/** The segment size of a queue without a sound control block, also when all of its segments were cut; `undefined` when nothing of them is left. */
export function findSegmentSize(directory: QueueDirectory): number | undefined {
  const candidates = listCandidates(directory)
  return findSizeOf(directory, candidates, findOldControl(directory))
}

function hasRecords(
  directory: QueueDirectory,
  { id, glance }: SegmentCandidate,
  { segmentSize, isWhole }: { readonly segmentSize: number; readonly isWhole: boolean },
): boolean {
  if (isWhole) return glance.hasRecords
  const segment = openDamagedSegment(directory, id, segmentSize, false)
  if (segment === undefined) return false
  const presence = recordsIn(segment)
  segment.close()
  return presence === 'records'
}

function keptFields(old: FoundControl | undefined): Partial<ControlBlock> {
  if (old === undefined) return {}
  const { createdNs, queueId, replicaTerm, sourceQueueId } = old.block
  return { createdNs, queueId, sourceQueueId, ...(Number.isSafeInteger(replicaTerm) ? { replicaTerm } : {}) }
}

function keepDurableMarks(bytes: Uint8Array, old: FoundControl | undefined): void {
  for (let slot = 0; old !== undefined && slot < DURABLE_SLOT_COUNT; slot++) {
    const mark = decodeDurableSlot(old.bytes, slot, crc32)
    if (mark !== undefined && Number.isSafeInteger(mark.sequence) && Number.isSafeInteger(mark.offset))
      bytes.set(encodeDurableSlot(mark, crc32), durableSlotOffset(slot))
  }
}

function saidSequence(old: FoundControl | undefined): Pick<Geometry, 'saidSequence' | 'saysNext'> {
  if (old === undefined) return { saidSequence: 0, saysNext: false }
  const { extensionEpoch, nextSequence } = old.block
  const next = extensionEpoch === 0 || !Number.isSafeInteger(nextSequence) ? 0 : nextSequence
  const durable = decodeDurableMark(old.bytes, crc32)?.sequence ?? 0
  const saidSequence = Math.max(next, Number.isSafeInteger(durable) ? durable : 0)
  return { saidSequence, saysNext: next > 0 && next === saidSequence }
}

/**
 * Whether a control block that looks sound cannot be that of the segments beside it: it gives them a size that none has, or an epoch that no queue reaches. To rely on it would
 * set all of them aside. One segment alone does not outweigh it, because it may have been cut or have grown. Costs one look at the head where all is well.
 */
export function contradictsSegments(directory: QueueDirectory, found: FoundControl): boolean {
  const { block, bytes } = found
  if (!Number.isSafeInteger(block.writerEpoch)) return true
  const { segmentSize } = block
  if (isProved(found)) return false
  if (glanceAtSegment(directory, block.currentSegment, segmentSize)?.problem === undefined) return false
  const counts = countLengths(listCandidates(directory))
  if (counts.has(segmentSize)) return false
  const isDoubtful = decodeControlIdentity(bytes, crc32) === 'bad' || !isNewSegmentSize(segmentSize)
  return Math.max(0, ...counts.values()) >= (isDoubtful ? 1 : 2)
}

/**
 * Whether the segments say that a control block is damaged whose magic, version or segment size this library does not know. Most of them have headers of this version, and one is whole or has a message: nothing
 * but the block belongs to another queue or to a later version. A later version is damage only when the block gives the segments the length that they have, as it would in this
 * version.
 */
export function outweighControl(directory: QueueDirectory, { block }: FoundControl, isOtherVersion: boolean): boolean {
  const candidates = listCandidates(directory)
  const own = candidates.filter(({ isOwnHeader }) => isOwnHeader)
  if (own.length * 2 <= candidates.length) return false
  const counts = countLengths(candidates)
  if (isOtherVersion) return counts.has(block.segmentSize)
  return counts.size > 0 || own.some(({ glance }) => glance.hasRecords)
}

/** The block, unless it says of the segments what none of them is: then nothing else in it counts. */
function credibleBlock(directory: QueueDirectory, found: FoundControl): FoundControl | undefined {
  return isProved(found) || countLengths(listCandidates(directory)).has(found.block.segmentSize) ? found : undefined
}

function latestEpochIn(directory: QueueDirectory, segmentId: number, segmentSize: number): number {
  return surveySegment(directory, segmentId, segmentSize)?.highestEpoch ?? 0
}
