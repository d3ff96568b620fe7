import { join } from 'node:path'
import type { DirectoryPath } from '@chronicle-ts/core'
import {
  COUNT_OR_INFINITY,
  type ControlBlock,
  checkOptions,
  controlExtensionsAreCurrent,
  decodeDurableMark,
  FLAG,
  findNextRecord,
  judgeRecord,
  LOCK_FILE,
  type OptionNames,
  objectWith,
  pathOf,
  SEGMENT_FIRST_RECORD_OFFSET,
  segmentFileName,
} from '@chronicle-ts/core/internal'
import { lookAtThresholds } from '../state/read-thresholds.js'
import { markAcknowledged } from './acknowledged.js'
import { checksum } from './checksum.js'
import { type ColdControl, readColdControl, soundControl } from './cold-control.js'
import type { ColdPosition } from './cold-item.js'
import type { ColdPlaces } from './cold-places.js'
import { ColdSegment } from './cold-segment.js'
import { type CountedHeaders, countHeaders } from './counted-headers.js'
import { endByControl } from './end-by-control.js'
import { FILE_MEMORY, type FileMemory, recall } from './file-memory.js'
import { findQueueProblems } from './find-problems.js'
import { lastSegmentWithRecords } from './find-start.js'
import { type LockInspection, lookAtLock } from './inspect-lock.js'
import { inspectReaders, type ReadersInspection } from './inspect-readers.js'
import { inspectSegment, type SegmentInspection } from './inspect-segments.js'
import { type LockTable, readLockTable } from './lock-table.js'
import { CAUGHT_UP, measureLag, type QueueEnd, type ReaderLag } from './measure-lag.js'
import type { HeadInspection, QueueInspection, ReaderInspection, SegmentsSummary, WriterInspection } from './queue-inspection.js'
import { isQueueListing, listQueue } from './queue-listing.js'
import { NO_RATE, RateMeter } from './recent-rate.js'

export interface InspectOptions {
  /** Segments to look at one by one at most, half of them at either end of the queue. Default 512: a hundred thousand would take seconds. */
  readonly segmentLimit?: number
  /**
   * Use the values that a writer of this library keeps in the control block instead of walking the head. That costs the same for every size of segment, and leaves out the
   * rate. For inspecting many queues every second.
   */
  readonly quick?: boolean
  /** @internal The caller holds the writer lock itself, so that no writer is at work. Default: false. */
  readonly holdsLock?: boolean
  /** The kernel's list of locks, read by {@link readLockTable} for many queues that are looked at together. Its length grows with the locks of the whole machine. Default: read for this queue. */
  readonly locks?: LockTable
  /** What earlier looks at this queue read, for looking again and again. Default: this look reads everything. */
  readonly memory?: FileMemory
}

export const INSPECT_NAMES: OptionNames<InspectOptions> = {
  segmentLimit: COUNT_OR_INFINITY,
  quick: FLAG,
  holdsLock: FLAG,
  locks: objectWith('what readLockTable returned', 'holderOf', 'processOf'),
  memory: FILE_MEMORY,
}

const SEGMENT_LIMIT = 512

/**
 * Looks at a queue's directory with `pread` only: joins nothing, writes nothing, maps nothing. A broken queue is not a reason to throw: what is wrong stands in `problems`, each with a
 * stable code.
 *
 * @throws NotFoundError, PermissionError, NotAQueueError when the directory itself cannot be listed.
 *
 * @example
 * ```ts
 * const { head, readers, problems } = inspectQueue('/var/lib/trades')
 * ```
 */
export function inspectQueue(place: DirectoryPath, options: InspectOptions = {}): QueueInspection {
  const directory = pathOf(place)
  checkOptions(options, INSPECT_NAMES)
  // The control block is read before the segments: a live writer can only be ahead of it, never behind.
  const control = readColdControl(directory)
  const { memory } = options
  memory?.begin()
  const listing = recall(memory, directory, () => listQueue(directory))
  const block = soundControl(control)
  const quick = options.quick === true
  const places: ColdPlaces = { directory, segmentIds: listing.segmentIds, control: block, quick, memory }
  const { segments, end } = inspectSegmentsAndEnd(places, options.segmentLimit ?? SEGMENT_LIMIT)
  const { locks = readLockTable() } = options
  const writer = inspectWriter(control, lookAtLock(join(directory, LOCK_FILE), locks, memory), options.holdsLock === true)
  const registered = inspectReaders(directory, { locks, memory })
  const { thresholds, fault: thresholdsFault } = listing.hasThresholds ? lookAtThresholds(directory) : { thresholds: {} }
  const inspection: Omit<QueueInspection, 'problems'> = {
    directory,
    inspectedNs: BigInt(Date.now()) * 1_000_000n,
    isQueue: isQueueListing(listing),
    segmentSize: block?.segmentSize ?? segments.inspected[0]?.length,
    control: control.block,
    controlIsValid: block !== undefined,
    hasExtensions: block !== undefined && controlExtensionsAreCurrent(block),
    segments,
    head: describeHead(end, control, segments),
    first: firstRecord(segments),
    durable: control.bytes === undefined || block === undefined ? undefined : decodeDurableMark(control.bytes, checksum),
    writer,
    readers: inspectLags(places, registered, { end, segments }),
    markers: { ready: listing.hasReady, lease: listing.hasLease },
    thresholds,
    leftovers: listing.leftovers,
    hasQuarantine: listing.hasQuarantine,
  }
  const problems = findQueueProblems({ inspection, control, listing, registered, end, places, thresholdsFault, quick })
  return { ...inspection, problems: listing.hasAcknowledged ? markAcknowledged(directory, problems) : problems }
}

/** The head is opened once for both. */
function inspectSegmentsAndEnd(
  places: ColdPlaces,
  limit: number,
): { readonly segments: SegmentsSummary; readonly end: QueueEnd | undefined } {
  const headId = places.control?.currentSegment
  const head = headId === undefined ? undefined : openQuietly(places, headId)
  try {
    const segments = inspectSegments(places, limit, head)
    return { segments, end: walkToEnd(places, segments, head) }
  } finally {
    head?.close()
  }
}

function openQuietly({ directory, control }: ColdPlaces, segmentId: number): ColdSegment | undefined {
  try {
    return ColdSegment.open(directory, segmentId, control?.segmentSize)
  } catch {
    // What cannot be read is a problem of its own.
    return undefined
  }
}

function inspectSegments(places: ColdPlaces, limit: number, head: ColdSegment | undefined): SegmentsSummary {
  const ids = places.segmentIds
  const half = Math.max(1, Math.ceil(limit / 2))
  const looked = ids.length <= limit ? ids : [...ids.slice(0, half), ...ids.slice(-half)]
  const inspected: SegmentInspection[] = []
  for (const id of looked) {
    const segment = id === head?.id ? inspectSegment(places, id, head) : lookAtSegment(places, id)
    if (segment !== undefined) inspected.push(segment)
  }
  const omitted = ids.length - looked.length
  const assumed = omitted * (places.control?.segmentSize ?? inspected[0]?.length ?? 0)
  const bytes = inspected.reduce((sum, segment) => sum + segment.length, assumed)
  const allocatedBytes = inspected.reduce((sum, segment) => sum + segment.allocatedBytes, assumed)
  return { count: ids.length, firstId: ids[0], lastId: ids.at(-1), inspected, omitted, bytes, allocatedBytes }
}

/** A segment beside the head does not change any more once it is sealed, nor before the head reaches it. */
function lookAtSegment(places: ColdPlaces, segmentId: number): SegmentInspection | undefined {
  const head = places.control?.currentSegment
  const look = () => inspectSegment(places, segmentId)
  if (head === undefined || segmentId === head) return look()
  const isFinal = (found: SegmentInspection | undefined) =>
    found !== undefined && found.problem === undefined && (segmentId < head ? found.sealed : !found.hasRecords)
  return recall(places.memory, join(places.directory, segmentFileName(segmentId)), look, isFinal)
}

function walkToEnd(places: ColdPlaces, { inspected }: SegmentsSummary, head: ColdSegment | undefined): QueueEnd | undefined {
  const seen = new Map(inspected.map(({ segmentId, hasRecords }) => [segmentId, hasRecords]))
  const segmentId = lastSegmentWithRecords(places, seen)
  if (segmentId === undefined) return undefined
  const segment = segmentId === head?.id ? head : openQuietly(places, segmentId)
  if (segment === undefined) return undefined
  try {
    return (
      (places.quick === true && places.control !== undefined ? endByControl(segment, places.control) : undefined) ??
      describeEnd(segment, places.control)
    )
  } catch {
    return undefined
  } finally {
    if (segment !== head) segment.close()
  }
}

function describeEnd(segment: ColdSegment, control: ControlBlock | undefined): QueueEnd {
  const meter = new RateMeter()
  const walk = countHeaders(segment, SEGMENT_FIRST_RECORD_OFFSET, (offset) => {
    meter.see(segment, offset)
    return true
  })
  return {
    segmentId: segment.id,
    walk,
    rate: meter.rate(walk.end, lastAppendOf(control)),
    provenSequence: findProvenSequence(segment, walk),
    goesOnAt: recordAfterHole(segment, walk),
  }
}

/** The highest sequence that damage cannot have made up; -1 when there is none. */
function findProvenSequence(segment: ColdSegment, walk: CountedHeaders): number {
  const isUnbroken = walk.lastSequence - walk.firstSequence === walk.count - 1
  if (isUnbroken && walk.count > 0 && judgeRecord(segment, walk.lastOffset) === 'good') return walk.lastSequence
  return walk.count > 0 && judgeRecord(segment, SEGMENT_FIRST_RECORD_OFFSET) === 'good' ? walk.firstSequence : -1
}

/** Damage can hide records after a hole of zeros. On a live queue the hole may be a record that is just being written, and is closed a moment later. */
function recordAfterHole(segment: ColdSegment, { end, lastSequence, stoppedBy }: CountedHeaders): number | undefined {
  if (stoppedBy !== 'uncommitted') return undefined
  const found = findNextRecord(segment, { offset: end, expected: lastSequence < 0 ? -1 : lastSequence + 1 })
  return segment.freshCommitLengthAt(end) === 0 ? found : undefined
}

function describeHead(end: QueueEnd | undefined, control: ColdControl, segments: SegmentsSummary): HeadInspection {
  if (end === undefined) {
    const offset = segments.lastId === undefined ? undefined : SEGMENT_FIRST_RECORD_OFFSET
    return {
      segmentId: soundControl(control)?.currentSegment,
      offset,
      nextSequence: nextSequenceIn(control),
      lastTimestampNs: undefined,
      recordCount: 0,
      rate: holdsNothing(segments) ? NO_RATE : undefined,
    }
  }
  const { segmentId, walk, rate } = end
  const walked = walk.stoppedBy === 'bad-length' ? undefined : walk.highestSequence + 1
  const nextSequence = walked === undefined ? nextSequenceIn(control) : Math.max(walked, nextSequenceIn(control) ?? 0)
  return { segmentId, offset: walk.end, nextSequence, lastTimestampNs: walk.lastTimestampNs, recordCount: walk.count, rate }
}

/** Whether no segment holds a record, nor damage that may hide one. */
function holdsNothing({ inspected }: SegmentsSummary): boolean {
  return inspected.every(({ hasRecords, problem }) => !hasRecords && problem === undefined)
}

/** The next sequence as a writer of this library maintains it. */
function nextSequenceIn(control: ColdControl): number | undefined {
  const block = soundControl(control)
  return block !== undefined && controlExtensionsAreCurrent(block) ? block.nextSequence : undefined
}

function firstRecord(segments: SegmentsSummary): QueueInspection['first'] {
  const segment = segments.inspected.find((candidate) => candidate.hasRecords)
  if (segment?.firstSequence === undefined || segment.firstTimestampNs === undefined) return undefined
  return { segmentId: segment.segmentId, sequence: segment.firstSequence, timestampNs: segment.firstTimestampNs }
}

function inspectWriter(control: ColdControl, found: LockInspection, holdsLock: boolean): WriterInspection {
  const lock = holdsLock ? { ...found, held: false } : found
  const block = soundControl(control)
  const lastHeartbeatNs = block === undefined || block.writerHeartbeatNs === 0n ? undefined : block.writerHeartbeatNs
  return { ...lock, alive: lock.held, epoch: block?.writerEpoch, lastHeartbeatNs, lastAppendNs: lastAppendOf(block) }
}

/** A writer of the base format renews its heartbeat when it appends, and does not maintain the other field. */
function lastAppendOf(block: ControlBlock | undefined): bigint | undefined {
  if (block === undefined) return undefined
  const lastNs = controlExtensionsAreCurrent(block) ? block.lastAppendNs : block.writerHeartbeatNs
  return lastNs === 0n ? undefined : lastNs
}

function inspectLags(
  places: ColdPlaces,
  registered: ReadersInspection,
  { end, segments }: { readonly end: QueueEnd | undefined; readonly segments: SegmentsSummary },
): ReaderInspection[] {
  const isEmpty = end === undefined && holdsNothing(segments)
  return registered.readers.map((reader) => {
    const { position } = reader
    return { ...reader, lag: lagAt(position), pinsFrom: position?.segmentId ?? places.segmentIds[0] }
  })

  function lagAt(position: ColdPosition | undefined): ReaderLag | undefined {
    if (position === undefined) return undefined
    if (end !== undefined) return measureLag(places, position, end)
    // Of a queue without records a reader has read everything, unless what it was to read next was deleted.
    const { firstId } = segments
    return isEmpty && firstId !== undefined && position.segmentId >= firstId ? CAUGHT_UP : undefined
  }
}
