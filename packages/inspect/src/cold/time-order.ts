import {
  TIMES_AHEAD,
  TIMES_AHEAD_OFFSET,
  TIMES_BACKWARDS,
  TIMES_BACKWARDS_OFFSET,
  TIMES_LIMIT_HIGH,
  TIMES_LIMIT_LOW,
  TIMES_PREVIOUS_HIGH,
  TIMES_PREVIOUS_LOW,
} from '@chronicle-ts/native'
import type { ColdRecord } from './cold-item.js'

/** Watches whether timestamps go back, or lie in the future. The last one is kept as two halves, so that looking at a million records makes no bigint. */
export class TimeOrder {
  previousHigh = 0
  previousLow = 0
  /** How many records are older than the one before. */
  backwards = 0
  firstSegmentId = -1
  firstOffset = -1
  /** How many records have a time that has not come yet, and where the first of them stands. */
  ahead = 0
  firstAheadSegmentId = -1
  firstAheadOffset = -1
  readonly limitHigh: number
  readonly limitLow: number

  /** @param limitNs times above it have not come yet. */
  constructor(limitNs: bigint) {
    this.limitHigh = Number(limitNs >> 32n)
    this.limitLow = Number(limitNs & 0xffff_ffffn)
  }

  /** Looks at one record. */
  see(record: ColdRecord): void {
    const high = Number(record.timestampNs >> 32n)
    const low = Number(record.timestampNs & 0xffff_ffffn)
    if (high < this.previousHigh || (high === this.previousHigh && low < this.previousLow))
      this.#noteBackwards(1, record.segmentId, record.offset)
    if (high > this.limitHigh || (high === this.limitHigh && low > this.limitLow))
      this.#noteAhead(1, record.segmentId, record.offset)
    this.previousHigh = high
    this.previousLow = low
  }

  /** Gives native code what it needs to look at the records that follow. */
  storeInto(times: Float64Array): void {
    times[TIMES_PREVIOUS_HIGH] = this.previousHigh
    times[TIMES_PREVIOUS_LOW] = this.previousLow
    times[TIMES_LIMIT_HIGH] = this.limitHigh
    times[TIMES_LIMIT_LOW] = this.limitLow
  }

  /** Takes over what native code found in a segment. */
  goOnFrom(times: Float64Array, segmentId: number): void {
    this.previousHigh = times[TIMES_PREVIOUS_HIGH] as number
    this.previousLow = times[TIMES_PREVIOUS_LOW] as number
    this.#noteBackwards(times[TIMES_BACKWARDS] as number, segmentId, times[TIMES_BACKWARDS_OFFSET] as number)
    this.#noteAhead(times[TIMES_AHEAD] as number, segmentId, times[TIMES_AHEAD_OFFSET] as number)
  }

  #noteAhead(count: number, segmentId: number, offset: number): void {
    if (this.ahead === 0 && count > 0) {
      this.firstAheadSegmentId = segmentId
      this.firstAheadOffset = offset
    }
    this.ahead += count
  }

  #noteBackwards(count: number, segmentId: number, offset: number): void {
    if (this.backwards === 0 && count > 0) {
      this.firstSegmentId = segmentId
      this.firstOffset = offset
    }
    this.backwards += count
  }
}
