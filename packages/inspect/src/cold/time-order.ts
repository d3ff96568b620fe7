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
      this.noteBackwards(record.segmentId, record.offset)
    if (high > this.limitHigh || (high === this.limitHigh && low > this.limitLow)) this.noteAhead(record.segmentId, record.offset)
    this.previousHigh = high
    this.previousLow = low
  }

  noteAhead(segmentId: number, offset: number): void {
    if (this.ahead === 0) {
      this.firstAheadSegmentId = segmentId
      this.firstAheadOffset = offset
    }
    this.ahead += 1
  }

  noteBackwards(segmentId: number, offset: number): void {
    if (this.backwards === 0) {
      this.firstSegmentId = segmentId
      this.firstOffset = offset
    }
    this.backwards += 1
  }
}
