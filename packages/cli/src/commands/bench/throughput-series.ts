/** Messages per second around one instant of a run. */
export interface SeriesPoint {
  readonly atSeconds: number
  readonly messagesPerSecond: number
}

export const SERIES_LENGTH = 60

/** Keeps how many messages were done when, and reports the rate over time. Its arrays are made before the clock starts. */
export class ThroughputSeries {
  readonly #atNs: Float64Array
  readonly #messages: Float64Array
  #count = 0

  /** `capacity` is how many notes are kept; later ones are dropped. */
  constructor(capacity: number) {
    this.#atNs = new Float64Array(capacity).fill(0)
    this.#messages = new Float64Array(capacity).fill(0)
  }

  /** `messages` were done `atNs` nanoseconds after the start. */
  note(atNs: number, messages: number): void {
    if (this.#count === this.#atNs.length) return
    this.#atNs[this.#count] = atNs
    this.#messages[this.#count++] = messages
  }

  points(): SeriesPoint[] {
    const points: SeriesPoint[] = []
    const step = Math.max(1, Math.ceil(this.#count / SERIES_LENGTH))
    let beforeNs = 0
    let before = 0
    for (let index = step - 1; index < this.#count; index += step) {
      const atNs = this.#atNs[index] ?? 0
      const messages = this.#messages[index] ?? 0
      if (atNs > beforeNs) {
        points.push({ atSeconds: atNs / 1e9, messagesPerSecond: Math.round(((messages - before) / (atNs - beforeNs)) * 1e9) })
      }
      beforeNs = atNs
      before = messages
    }
    return points
  }
}
