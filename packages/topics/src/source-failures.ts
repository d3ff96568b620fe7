/** A queue of a topic that cannot be read. */
export interface FailedSource {
  /** Name of the strategy or feed, or the path of the queue. */
  readonly key: string
  readonly error: Error
}

/** The queues of a subscription that are set aside. Each failure is told once. */
export class SourceFailures {
  readonly #byKey = new Map<string, Error>()
  readonly #onProblem: ((problem: FailedSource) => void) | undefined

  constructor(onProblem: ((problem: FailedSource) => void) | undefined) {
    this.#onProblem = onProblem
  }

  add(key: string, error: Error): void {
    const known = this.#byKey.get(key)
    this.#byKey.set(key, error)
    if (known?.message !== error.message) this.#onProblem?.({ key, error })
  }

  remove(key: string): void {
    this.#byKey.delete(key)
  }

  list(): FailedSource[] {
    return [...this.#byKey].map(([key, error]) => ({ key, error })).sort((a, b) => (a.key < b.key ? -1 : 1))
  }
}
