import type { ColdRecord } from './cold-item.js'

/** Watches whether timestamps go back. The last one is kept as two halves, so that looking at a million records makes no bigint. */
export class TimeOrder {
  previousHigh = 0
  previousLow = 0
  /** How many records are older than the one before. */
  backwards = 0
  firstSegmentId = -1
  firstOffset = -1

  /** Looks at one record. */
  see(record: ColdRecord): void {
    const high = Number(record.timestampNs >> 32n)
    const low = Number(record.timestampNs & 0xffff_ffffn)
    if (high < this.previousHigh || (high === this.previousHigh && low < this.previousLow))
      this.noteBackwards(record.segmentId, record.offset)
    this.previousHigh = high
    this.previousLow = low
  }

  noteBackwards(segmentId: number, offset: number): void {
    if (this.backwards === 0) {
      this.firstSegmentId = segmentId
      this.firstOffset = offset
    }
    this.backwards += 1
  }
}
