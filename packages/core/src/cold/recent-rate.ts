import { RECORD_TIMESTAMP_NS_OFFSET, SEGMENT_FIRST_RECORD_OFFSET } from '../format/index.js'
import type { ColdSegment } from './cold-segment.js'
import { walkRecords } from './record-walk.js'

/** Messages and bytes per second over the last seconds, by the records' own timestamps. */
export interface RecentRate {
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
  /** The span that it was measured over: shorter than ten seconds when the segment is younger; 0 when nothing was written lately. */
  readonly windowNs: bigint
}

const WINDOW_NS = 10e9

/** Measures the rate at which the head segment was filled during the last ten seconds. */
export function measureRate(segment: ColdSegment): RecentRate {
  const nowNs = Date.now() * 1e6
  let firstAt = -1
  let firstNs = nowNs
  let count = 0
  const walk = walkRecords(segment, SEGMENT_FIRST_RECORD_OFFSET, (_, offset) => {
    const timestampNs = approximateNsAt(segment, offset)
    if (timestampNs < nowNs - WINDOW_NS) return true
    if (firstAt < 0) {
      firstAt = offset
      firstNs = timestampNs
    }
    count += 1
    return true
  })
  if (firstAt < 0) return { messagesPerSecond: 0, bytesPerSecond: 0, windowNs: 0n }
  const begin = firstAt === SEGMENT_FIRST_RECORD_OFFSET ? firstNs : nowNs - WINDOW_NS
  const seconds = Math.max((nowNs - begin) / 1e9, 0.001)
  return {
    messagesPerSecond: count / seconds,
    bytesPerSecond: (walk.end - firstAt) / seconds,
    windowNs: BigInt(Math.round(seconds * 1e9)),
  }
}

/** Nanoseconds as a double: good to a quarter of a microsecond, and without a bigint per record. */
function approximateNsAt(segment: ColdSegment, offset: number): number {
  const at = segment.indexOf(offset) + RECORD_TIMESTAMP_NS_OFFSET
  return segment.view.getUint32(at + 4, true) * 0x1_0000_0000 + segment.view.getUint32(at, true)
}
