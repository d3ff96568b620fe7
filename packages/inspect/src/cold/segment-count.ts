import { isSealed, SEGMENT_FIRST_RECORD_OFFSET, type SegmentHeader } from '@chronicle-ts/core/internal'

/** What one segment holds, counted while it is read, to be compared with what its header says of it. */
export class SegmentCount {
  #records = 0
  #firstSequence = -1
  #end = SEGMENT_FIRST_RECORD_OFFSET
  #isPadded = false
  #lastHigh = 0
  #lastLow = 0

  constructor(
    readonly segmentId: number,
    private readonly facts: {
      readonly header: SegmentHeader
      readonly segmentSize: number
      /** It is the head of a queue in which no writer is at work. */
      readonly isHead: boolean
    },
  ) {}

  /** Counts records that follow each other, the last of which has this time and ends at this offset. */
  count(
    records: number,
    last: { readonly sequence: number; readonly end: number; readonly high: number; readonly low: number },
  ): void {
    if (this.#records === 0) this.#firstSequence = last.sequence - records + 1
    this.#records += records
    this.#end = last.end
    this.#lastHigh = last.high
    this.#lastLow = last.low
  }

  /** The segment ends with a padding record. */
  pad(): void {
    this.#isPadded = true
  }

  /** Returns what the header says of the records and is not so; `undefined` when all of it is. A field of zeros says nothing. */
  contradiction(): string | undefined {
    const { header, segmentSize } = this.facts
    if (this.#records > 0 && header.firstSequence !== undefined && header.firstSequence !== this.#firstSequence)
      return `It says that it begins with sequence ${header.firstSequence}, it begins with ${this.#firstSequence}`
    if (!isSealed(header)) return this.#earlySummary()
    const { endOffset, recordCount, lastTimestampNs } = header
    if (recordCount !== 0 && recordCount !== this.#records) return `It says ${recordCount} records, there are ${this.#records}`
    const mayEndThere = endOffset === this.#end || (this.#isPadded && endOffset === segmentSize)
    if (endOffset !== 0 && !mayEndThere) return `It says that they end at offset ${endOffset}, they end at ${this.#end}`
    const foundNs = (BigInt(this.#lastHigh) << 32n) | BigInt(this.#lastLow)
    if (lastTimestampNs !== 0n && lastTimestampNs !== foundNs)
      return `It says that the last one is of ${lastTimestampNs} ns, it is of ${foundNs}`
    return undefined
  }

  /** A writer stores the summary and then the seal: only while it leaves the segment does one stand without the other. */
  #earlySummary(): string | undefined {
    const { header, isHead } = this.facts
    const { endOffset, recordCount, lastTimestampNs } = header
    if (!isHead || (endOffset === 0 && recordCount === 0 && lastTimestampNs === 0n)) return undefined
    return `It says that they end at offset ${endOffset}, and is not sealed`
  }
}
