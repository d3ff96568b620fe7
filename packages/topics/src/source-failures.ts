/** A queue of a topic that cannot be read. */
export interface FailedSource {
  /** Name of the strategy or feed, or the path of the queue. */
  readonly key: string
  readonly error: Error
}

/**
 * The queues of a subscription that are set aside. Each sort of error is reported once per queue: again only when the queue was read and committed since, or is another one. A queue that fails
 * at every attempt is reported once.
 */
export class SourceFailures {
  readonly #byKey = new Map<string, Error>()
  readonly #reported = new Map<string, { readonly kind: string; readonly isSetAside: boolean }>()
  readonly #onProblem: ((problem: FailedSource) => void) | undefined

  constructor(onProblem: ((problem: FailedSource) => void) | undefined) {
    this.#onProblem = onProblem
  }

  /** The queue is set aside. */
  add(key: string, error: Error): void {
    this.#byKey.set(key, error)
    this.#report({ key, error }, true)
  }

  /** Something went wrong with a queue, which stays attached. */
  report(key: string, error: Error): void {
    this.#report({ key, error }, false)
  }

  /** The queue is attached again. */
  attached(key: string): void {
    this.#byKey.delete(key)
  }

  /** The queue is gone: what comes under its name later is another one. */
  forget(key: string): void {
    this.#byKey.delete(key)
    this.#reported.delete(key)
  }

  /** Positions were saved: queues that are attached were read. */
  committed(): void {
    if (this.#reported.size === 0) return
    for (const [key, { isSetAside }] of this.#reported) if (isSetAside && !this.#byKey.has(key)) this.#reported.delete(key)
  }

  list(): FailedSource[] {
    return [...this.#byKey].map(([key, error]) => ({ key, error })).sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  #report(problem: FailedSource, isSetAside: boolean): void {
    const kind = kindOfError(problem.error)
    if (this.#reported.get(problem.key)?.kind === kind) return
    this.#reported.set(problem.key, { kind, isSetAside })
    this.#onProblem?.(problem)
  }
}

/** What distinguishes one sort of error from another: texts hold numbers and times that differ from attempt to attempt. */
export function kindOfError(error: unknown): string {
  const { name, code, message } = (error ?? {}) as Partial<Record<'name' | 'code' | 'message', unknown>>
  return code === undefined ? `${name} ${message}` : `${name} ${code}`
}
