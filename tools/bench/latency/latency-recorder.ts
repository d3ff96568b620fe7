import { createHistogram } from 'node:perf_hooks'
import type { LatencyFigures } from './latency-mode.js'

const HIGHEST_NS = 60e9

/**
 * Takes every message's latency and number. Counting from the due time, not from the sending, is what keeps a stall of the sender in the figures.
 */
export class LatencyRecorder {
  readonly #histogram = createHistogram({ lowest: 1, highest: HIGHEST_NS, figures: 3 })
  readonly #warmUpCount: number
  #received = 0

  constructor(warmUpCount: number) {
    this.#warmUpCount = warmUpCount
  }

  /** Messages so far, those of the warm-up included. */
  get received(): number {
    return this.#received
  }

  /** @throws when a message is missing or comes twice. */
  record(latencyNs: number, index: number): void {
    if (index !== this.#received) throw new Error(`message ${index} instead of ${this.#received}`)
    if (this.#received++ >= this.#warmUpCount) this.#histogram.record(Math.round(Math.min(Math.max(latencyNs, 1), HIGHEST_NS)))
  }

  figures(): LatencyFigures {
    const at = (percentile: number) => this.#histogram.percentile(percentile)
    return {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      p9999: at(99.99),
      max: this.#histogram.max,
      count: this.#histogram.count,
    }
  }
}
