import { statSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import type { QueueDirectory } from '../files/queue-directory.js'
import { glanceAtSegment, segmentPath } from '../segment/segment-files.js'

/**
 * Milliseconds since the last message of a sealed segment: by its own summary, else by the first message of its successor, else by the file's time of change.
 * Caller timestamps from elsewhere make an age of elsewhere; that is what `maxAgeMs` of replayed data should mean.
 */
export function segmentAgeMs(directory: QueueDirectory, segmentId: number, segmentSize: number): number {
  const own = glanceAtSegment(directory, segmentId, segmentSize)?.header.lastTimestampNs ?? 0n
  if (own > 0n) return ageMs(own)
  const successor = glanceAtSegment(directory, segmentId + 1, segmentSize)
  if (successor?.hasRecords) return ageMs(successor.firstTimestampNs)
  try {
    return Date.now() - statSync(segmentPath(directory, segmentId)).mtimeMs
  } catch {
    return 0
  }
}

function ageMs(timestampNs: bigint): number {
  return Number(binding.realtimeNs() - timestampNs) / 1e6
}
