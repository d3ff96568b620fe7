import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'

/** Longer latencies count as this. */
const HIGHEST_NS = 600e9
export const BUCKETS_PER_DECADE = 10
const DECADES = 12

/** Latencies of one kind in a form that travels between processes and adds up. */
export interface LatencyCounts {
  /** An HdrHistogram with three significant digits, encoded. */
  readonly histogram: string
  /** How many fell between 10^(i/10) and 10^((i+1)/10) nanoseconds, for drawing. */
  readonly buckets: readonly number[]
}

/** What stands in reports. Nanoseconds. */
export interface LatencyFigures {
  readonly count: number
  readonly meanNs: number
  readonly p50Ns: number
  readonly p90Ns: number
  readonly p99Ns: number
  readonly p999Ns: number
  readonly p9999Ns: number
  readonly maxNs: number
  /** `[from, to, count]` in nanoseconds: the buckets that hold anything, in order, and the empty ones between them. */
  readonly buckets: readonly (readonly [number, number, number])[]
}

/**
 * Latencies of a run whose length is known before it: recording is one store, so that measuring disturbs nothing; everything else is worked out afterwards.
 */
export class LatencySamples {
  readonly #samples: Float32Array
  #count = 0

  constructor(capacity: number) {
    // Filled, so that no page is touched for the first time while the clock runs.
    this.#samples = new Float32Array(capacity).fill(1)
  }

  record(latencyNs: number): void {
    this.#samples[this.#count++] = latencyNs
  }

  get recorded(): Float32Array {
    return this.#samples.subarray(0, this.#count)
  }

  counts(): LatencyCounts {
    const histogram = newHistogram()
    const buckets = new Array<number>(DECADES * BUCKETS_PER_DECADE).fill(0)
    for (const sample of this.recorded) {
      const latencyNs = Math.min(Math.max(Math.round(sample), 1), HIGHEST_NS)
      histogram.recordValue(latencyNs)
      const bucket = Math.floor(Math.log10(latencyNs) * BUCKETS_PER_DECADE)
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    return { histogram: encodeIntoCompressedBase64(histogram as Parameters<typeof encodeIntoCompressedBase64>[0]), buckets }
  }
}

/** The figures of one or more parts, such as several readers, taken together. */
export function latencyFigures(parts: readonly LatencyCounts[]): LatencyFigures {
  const histogram = newHistogram()
  for (const part of parts) histogram.add(decodeFromCompressedBase64(part.histogram))
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile)
  return {
    count: histogram.totalCount,
    meanNs: Math.round(histogram.mean),
    p50Ns: at(50),
    p90Ns: at(90),
    p99Ns: at(99),
    p999Ns: at(99.9),
    p9999Ns: at(99.99),
    maxNs: histogram.maxValue,
    buckets: filledBuckets(parts),
  }
}

function filledBuckets(parts: readonly LatencyCounts[]): [number, number, number][] {
  const edge = (index: number) => Math.round(10 ** (index / BUCKETS_PER_DECADE))
  const all = Array.from({ length: DECADES * BUCKETS_PER_DECADE }, (_, index): [number, number, number] => [
    edge(index),
    edge(index + 1),
    parts.reduce((sum, { buckets }) => sum + (buckets[index] ?? 0), 0),
  ])
  const first = all.findIndex(([, , count]) => count > 0)
  const last = all.findLastIndex(([, , count]) => count > 0)
  return first < 0 ? [] : all.slice(first, last + 1)
}

function newHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: HIGHEST_NS, numberOfSignificantValueDigits: 3 })
}
