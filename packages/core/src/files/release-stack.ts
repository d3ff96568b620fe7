/**
 * What was acquired, in order. {@link releaseAll} gives everything back, the last first, and lets no step keep another from happening.
 *
 * One of these is filled while a handle is opened. An open that fails unwinds it, `close()` unwinds the same.
 */
export class ReleaseStack {
  readonly #releases: (() => void)[] = []

  /** Registers how to give back what was just acquired. */
  push(release: () => void): void {
    this.#releases.push(release)
  }

  /** Gives everything back, once. Returns the first error that a step threw, or `undefined`. */
  releaseAll(): unknown {
    let first: unknown
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) {
      try {
        release()
      } catch (error) {
        first ??= error
      }
    }
    return first
  }
}
