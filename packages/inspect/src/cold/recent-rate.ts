import { RECORD_TIMESTAMP_NS_OFFSET, SEGMENT_FIRST_RECORD_OFFSET } from '@chronicle-ts/core/internal'
import type { ColdSegment } from './cold-segment.js'

/** Messages and bytes per second over the last seconds, by the records' own timestamps, as far as these are the times at which the records were appended. */
export interface RecentRate {
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
  /** The span that it was measured over: shorter than ten seconds when the segment is younger. */
  readonly windowNs: bigint
}

const WINDOW_NS = 10e9

/** How far the last timestamp may be from the time of the last append. Callers may give any timestamps: those of a recording, or of another clock. */
const TOLERANCE_NS = 2e9

/** Nothing was appended. */
export const NO_RATE: RecentRate = { messagesPerSecond: 0, bytesPerSecond: 0, windowNs: BigInt(WINDOW_NS) }

/** Measures the rate at which the head segment was filled during the last ten seconds, while a caller walks over its records. */
export class RateMeter {
  readonly #nowNs = Date.now() * 1e6
  #firstAt = -1
  #firstNs = 0
  #lastNs = 0
  #count = 0

  /** Takes one record into account; the records come in their order. */
  see(segment: ColdSegment, offset: number): void {
    const timestampNs = approximateNsAt(segment, offset)
    this.#lastNs = timestampNs
    if (timestampNs < this.#nowNs - WINDOW_NS) return
    if (this.#firstAt < 0) {
      this.#firstAt = offset
      this.#firstNs = timestampNs
    }
    this.#count += 1
  }

  /** The rate, once the walk has ended at `end`; `undefined` where the timestamps do not fit the time of the last append that the control block had before the walk. */
  rate(end: number, lastAppendNs: bigint | undefined): RecentRate | undefined {
    const appendedNs = lastAppendNs === undefined ? this.#lastNs : Number(lastAppendNs)
    if (!timesAreOfAppends(this.#lastNs, appendedNs)) return undefined
    if (this.#firstAt < 0) return NO_RATE
    const begin = this.#firstAt === SEGMENT_FIRST_RECORD_OFFSET ? this.#firstNs : this.#nowNs - WINDOW_NS
    const seconds = Math.max((this.#nowNs - begin) / 1e9, 0.001)
    return {
      messagesPerSecond: this.#count / seconds,
      bytesPerSecond: (end - this.#firstAt) / seconds,
      windowNs: BigInt(Math.round(seconds * 1e9)),
    }
  }
}

/** Whether the time of the last message fits the time of the last append, which was read before it: a writer at work can only be ahead. */
export function timesAreOfAppends(lastTimestampNs: number, lastAppendNs: number): boolean {
  return lastTimestampNs >= lastAppendNs - TOLERANCE_NS && lastTimestampNs <= Date.now() * 1e6 + TOLERANCE_NS
}

/** Nanoseconds as a double: good to a quarter of a microsecond, and without a bigint per record. */
function approximateNsAt(segment: ColdSegment, offset: number): number {
  const at = segment.indexOf(offset) + RECORD_TIMESTAMP_NS_OFFSET
  return segment.view.getUint32(at + 4, true) * 0x1_0000_0000 + segment.view.getUint32(at, true)
}
