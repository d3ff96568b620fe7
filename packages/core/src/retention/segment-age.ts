import { statSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import { fromSystemError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { segmentFileName } from '../format/index.js'
import { glanceAtSegment, type SegmentGlance, segmentPath } from '../segment/segment-files.js'

/** How long ago segments got their last message. */
export class SegmentAges {
  readonly #directory: QueueDirectory
  readonly #segmentSize: number
  readonly #openedMs = performance.now()
  /** When the writer left a segment, by a clock that is never set. */
  readonly #leftMs = new Map<number, number>()

  constructor(directory: QueueDirectory, segmentSize: number) {
    this.#directory = directory
    this.#segmentSize = segmentSize
  }

  /** CLOCK_REALTIME. */
  nowNs(): bigint {
    return binding.realtimeNs()
  }

  /** Called when the writer has entered a segment. */
  noteRoll(headSegmentId: number): void {
    this.#leftMs.set(headSegmentId - 1, performance.now())
  }

  forgetBelow(segmentId: number): void {
    for (const id of this.#leftMs.keys()) if (id < segmentId) this.#leftMs.delete(id)
  }

  /** Milliseconds. Independent of the timestamps: at least the time for which this writer has seen that the segment is not the head. */
  ageMsOf(segmentId: number, headSegmentId: number): number {
    const seenMs = performance.now() - (this.#leftMs.get(segmentId) ?? this.#openedMs)
    return Math.max(seenMs, segmentAgeMs(this.#directory, segmentId, this.#segmentSize, headSegmentId))
  }
}

/**
 * Milliseconds since the last message of a segment below the head, by its timestamp as far as the times at which segments were prepared agree with it. One timestamp that is
 * wrong makes no segment older or younger. A last timestamp that is later than the time at which the segment was left counts as that time, and so does one that is earlier
 * than the first one's. Where all timestamps of a segment are old, as those of replayed data, they are its age.
 */
export function segmentAgeMs(
  directory: QueueDirectory,
  segmentId: number,
  segmentSize: number,
  headSegmentId = segmentId,
): number {
  const glance = (id: number): SegmentGlance | undefined => glanceAtSegment(directory, id, segmentSize)
  const own = glance(segmentId)
  const successor = glance(segmentId + 1)
  const first = own?.hasRecords ? own.firstTimestampNs : 0n
  const last = lastTimestampNs(own, successor)
  if (last === undefined) return fileAgeMs(directory, [segmentId])
  const left = leftNs(glance(segmentId + 2), headSegmentId > segmentId + 2 ? glance(headSegmentId) : undefined)
  if (last < first || (left !== undefined && last > left)) {
    if (left !== undefined) return ageMs(left)
    return fileAgeMs(directory, [segmentId, segmentId + 1, segmentId + 2])
  }
  const byTimestamp = ageMs(last)
  // Base format: nothing says when a segment was prepared but the files' own times.
  return byTimestamp >= 0 ? byTimestamp : fileAgeMs(directory, [segmentId, segmentId + 1, segmentId + 2])
}

/** By the segment's own summary, else the first one of its successor, which is not earlier. */
function lastTimestampNs(own: SegmentGlance | undefined, successor: SegmentGlance | undefined): bigint | undefined {
  const told = own?.header.lastTimestampNs ?? 0n
  if (told > 0n) return told
  return successor?.hasRecords ? successor.firstTimestampNs : undefined
}

/** A writer prepares a segment when it enters the one below that, so each of these was prepared when the segment was left, or later. */
function leftNs(...later: readonly (SegmentGlance | undefined)[]): bigint | undefined {
  const created = later.map((glance) => glance?.header.createdNs ?? 0n).filter((createdNs) => createdNs > 0n)
  return created.reduce<bigint | undefined>((least, next) => (least === undefined || next < least ? next : least), undefined)
}

function ageMs(timestampNs: bigint): number {
  return Number(binding.realtimeNs() - timestampNs) / 1e6
}

/** Since the latest change of these files; 0 when none can be looked at. */
function fileAgeMs(directory: QueueDirectory, segmentIds: readonly number[]): number {
  const latest = Math.max(...segmentIds.map((id) => changedMs(directory, id)))
  return latest === 0 ? 0 : Date.now() - latest
}

/** 0 when there is no such file. */
function changedMs(directory: QueueDirectory, segmentId: number): number {
  try {
    return statSync(segmentPath(directory, segmentId), { throwIfNoEntry: false })?.mtimeMs ?? 0
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(segmentFileName(segmentId)) })
  }
}
