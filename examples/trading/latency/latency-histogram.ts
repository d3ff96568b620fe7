import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js'

/** One minute: what is later than that counts as that late. */
const MAX_NS = 60_000_000_000
const BUCKET_BITS = 32

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
  readonly #histogram = build({
    highestTrackableValue: MAX_NS,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: BUCKET_BITS,
  })

  /** Clocks can be set back: a negative latency counts as 0. */
  record(latencyNs: bigint): void {
    this.#histogram.recordValue(Math.min(Math.max(Number(latencyNs), 0), MAX_NS))
  }

  /** Text that {@link add} of another process reads. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram)
  }

  add(encoded: string): void {
    this.#histogram.add(decodeFromCompressedBase64(encoded, BUCKET_BITS))
  }

  summary(): LatencySummary {
    const { totalCount: count, maxValue } = this.#histogram
    const at = (percentile: number) => (count === 0 ? 0 : this.#histogram.getValueAtPercentile(percentile))
    return { count, p50Ns: at(50), p99Ns: at(99), p999Ns: at(99.9), maxNs: count === 0 ? 0 : maxValue }
  }
}
