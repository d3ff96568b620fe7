import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'

/** One minute: what is later than that counts as that late. */
const MAX_NS = 60_000_000_000
const SIGNIFICANT_DIGITS = 3

/** What a histogram says, in nanoseconds. */
export interface LatencySummary {
  readonly count: number
  readonly p50Ns: number
  readonly p99Ns: number
  readonly p999Ns: number
  readonly maxNs: number
}

/** Latencies in nanoseconds with three digits, in constant memory; histograms of several processes add up to one. */
export class LatencyHistogram {
  readonly #histogram: Histogram

  constructor() {
    this.#histogram = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: MAX_NS,
      numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
      bitBucketSize: 32,
    })
  }

  /** Clocks can be set back: a negative latency counts as 0. */
  record(latencyNs: bigint): void {
    const value = Number(latencyNs)
    this.#histogram.recordValue(Math.min(Math.max(value, 0), MAX_NS))
  }

  get count(): number {
    return this.#histogram.totalCount
  }

  /** Text that {@link add} of another process reads. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram)
  }

  add(encoded: string): void {
    this.#histogram.add(decodeFromCompressedBase64(encoded, 32))
  }

  summary(): LatencySummary {
    const at = (percentile: number) => (this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percentile))
    return {
      count: this.count,
      p50Ns: at(50),
      p99Ns: at(99),
      p999Ns: at(99.9),
      maxNs: this.count === 0 ? 0 : this.#histogram.maxValue,
    }
  }
}
