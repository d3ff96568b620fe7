import { build, type Histogram } from 'hdr-histogram-js'

/** A latency is seldom longer than this; what is longer counts as this. */
const HIGHEST_NS = 60e9
export const PERCENTILES = [50, 90, 99, 99.9, 99.99] as const

/** What a recorder saw, in nanoseconds. */
export interface LatencySummary {
  readonly count: number
  readonly min: number
  readonly mean: number
  readonly max: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly p9999: number
  /** Points of the whole distribution, for drawing: percentile and latency. */
  readonly points: readonly (readonly [percentile: number, ns: number])[]
}

const POINTS = [0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.9, 99.95, 99.99, 99.999, 100]

/** Records latencies in constant memory, with three significant digits. */
export class LatencyRecorder {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_NS,
    numberOfSignificantValueDigits: 3,
  })

  record(ns: number): void {
    this.#histogram.recordValue(Math.min(HIGHEST_NS, Math.max(0, ns)))
  }

  summary(): LatencySummary {
    const histogram = this.#histogram
    const at = (percentile: number) => histogram.getValueAtPercentile(percentile)
    const count = histogram.totalCount
    return {
      count,
      min: count === 0 ? 0 : histogram.minNonZeroValue,
      mean: histogram.mean,
      max: histogram.maxValue,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      p9999: at(99.99),
      points: POINTS.map((percentile) => [percentile, at(percentile)] as const),
    }
  }
}
