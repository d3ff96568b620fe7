import { type LatencyFigures, LatencySamples, latencyFigures } from '@chronicle-ts/cli/bench'

/** Takes every message's latency and number. */
export class LatencyRecorder {
  readonly #samples: LatencySamples
  readonly #warmUpCount: number
  #received = 0

  /** @param count messages that follow those of the warm-up, at most */
  constructor(warmUpCount: number, count: number) {
    this.#warmUpCount = warmUpCount
    this.#samples = new LatencySamples(count)
  }

  /** Messages so far, those of the warm-up included. */
  get received(): number {
    return this.#received
  }

  /** @throws when a message is missing or comes twice. */
  record(latencyNs: number, index: number): void {
    if (index !== this.#received) throw new Error(`message ${index} instead of ${this.#received}`)
    if (this.#received++ >= this.#warmUpCount) this.#samples.record(latencyNs)
  }

  figures(): LatencyFigures {
    return latencyFigures([this.#samples.counts()])
  }
}
