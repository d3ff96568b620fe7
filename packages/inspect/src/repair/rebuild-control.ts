import { linkSync, lstatSync, renameSync, rmSync } from 'node:fs'
import {
  bootId,
  CONTROL_FILE,
  CONTROL_TEMPORARY_FILE,
  encodeControl,
  INIT_STATE_READY,
  isExistingSegmentSize,
  type QueueDirectory,
  quarantineEntry,
  RECORD_ALIGNMENT,
  SEGMENT_FIRST_RECORD_OFFSET,
  SEGMENT_SIZE_MULTIPLE,
  setFileAside,
  writeWhole,
} from '@chronicle-ts/core/internal'
import { inspectQueue } from '../cold/inspect-queue.js'
import { openColdReader } from '../cold/open-cold-reader.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import { makeFile } from './make-file.js'

/** What reading every record tells about a queue. */
interface Content {
  readonly highestSequence: number
  readonly highestEpoch: number
  readonly lastSegmentId: number
  readonly endOffset: number
}

/**
 * Writes a new control block from what every record of the queue shows. Unlike the writer's own rebuilding it reads over damage, so that the sequence goes on above everything that is readable.
 *
 * @returns where the old block is kept, or `undefined` when there was none.
 */
export function rebuildControlFromRecords(directory: QueueDirectory): string | undefined {
  const inspection = inspectQueue(directory.self, { segmentLimit: Number.POSITIVE_INFINITY })
  const segmentSize = commonSegmentSize(inspection)
  if (segmentSize === undefined) throw new Error('no segment tells the segment size')
  const content = readContent(directory.self, inspection, segmentSize)
  const epoch = Math.max(
    content.highestEpoch,
    inspection.segments.inspected.reduce((most, { writerEpoch = 0 }) => Math.max(most, writerEpoch), 1),
  )
  const block = encodeControl({
    segmentSize,
    initState: INIT_STATE_READY,
    writerEpoch: epoch,
    currentSegment: content.lastSegmentId,
    writeOffset: content.endOffset,
    notifySequence: 1,
    bootId: bootId(),
    nextSequence: content.highestSequence + 1,
    dirtyEnd: segmentSize,
    dirtySegment: content.lastSegmentId,
    extensionEpoch: epoch % 0x1_0000_0000,
  })
  return writeControl(directory, block)
}

/** The length that most usable segments have. */
function commonSegmentSize({ segments }: QueueInspection): number | undefined {
  const counts = new Map<number, number>()
  for (const { length, problem } of segments.inspected) {
    const mayCount = problem?.code !== 'SEGMENT_BAD_HEADER' && isExistingSegmentSize(length)
    if (mayCount) counts.set(length, (counts.get(length) ?? 0) + 1)
  }
  const [mostCommon] = [...counts].sort(([lengthA, a], [lengthB, b]) => b - a || lengthB - lengthA)
  if (mostCommon !== undefined) return mostCommon[0]
  // Every segment was cut: what is left still fits into the next size that a segment may have.
  const longest = segments.inspected.reduce((most, { length }) => Math.max(most, length), 0)
  return longest === 0 ? undefined : Math.ceil(longest / SEGMENT_SIZE_MULTIPLE) * SEGMENT_SIZE_MULTIPLE
}

function readContent(directory: string, { head, segments }: QueueInspection, segmentSize: number): Content {
  let highestSequence = -1
  let highestEpoch = 1
  let lastSegmentId = head.segmentId ?? segments.lastId ?? 0
  let previousSegmentId = segments.firstId ?? 0
  using reader = openColdReader(directory, { checkPayloads: false })
  for (const item of reader) {
    if (item.kind !== 'record') continue
    // A damaged header may claim any sequence. Between two records there is room for so many others, and no more.
    const room = (item.segmentId - previousSegmentId + 1) * (segmentSize / RECORD_ALIGNMENT)
    if (highestSequence < 0 || item.sequence <= highestSequence + room) highestSequence = Math.max(highestSequence, item.sequence)
    highestEpoch = Math.max(highestEpoch, item.writerEpoch)
    lastSegmentId = Math.max(lastSegmentId, item.segmentId)
    previousSegmentId = item.segmentId
  }
  const { segmentId, offset } = reader.position
  return {
    highestSequence,
    highestEpoch,
    lastSegmentId,
    endOffset: segmentId === lastSegmentId ? offset : SEGMENT_FIRST_RECORD_OFFSET,
  }
}

/** The old block stays where it is until the new one is whole: a disk that is full must not cost the queue both. */
function writeControl(directory: QueueDirectory, block: Uint8Array): string | undefined {
  makeFile(directory, CONTROL_TEMPORARY_FILE, (fd) => writeWhole(fd, block, 0))
  try {
    const keptAt = keepOldControl(directory)
    renameSync(directory.at(CONTROL_TEMPORARY_FILE), directory.at(CONTROL_FILE))
    directory.sync()
    return keptAt
  } catch (cause) {
    rmSync(directory.at(CONTROL_TEMPORARY_FILE), { force: true })
    throw cause
  }
}

function keepOldControl(directory: QueueDirectory): string | undefined {
  const old = lstatSync(directory.at(CONTROL_FILE), { throwIfNoEntry: false })
  if (old === undefined) return undefined
  if (!old.isFile()) return setFileAside(directory, CONTROL_FILE)
  const kept = quarantineEntry(directory, CONTROL_FILE)
  linkSync(directory.at(CONTROL_FILE), directory.at(kept))
  return directory.describe(kept)
}
