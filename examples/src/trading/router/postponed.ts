import { isPassingError, RetryBackoff } from '@chronicle-ts/fanin'

/** Damage needs a person, and is looked at again so seldom that it costs nothing: it may have been repaired. */
const DAMAGE_RETRY_MS = 30_000

/** A strategy that cannot be served now. */
interface Postponement {
  readonly backoff: RetryBackoff
  /** The strategy went: it is served to the end of its queue only. */
  readonly isLeaving: boolean
  /** What sort of error it was. */
  readonly kind: string
}

/** Strategies that could not be served, and when to try again: soon where the reason may pass, seldom where something is damaged. */
export class Postponed {
  readonly #strategies = new Map<string, Postponement>()

  /** Tries a strategy again later. @returns whether the error is another one than the last time, so that it is worth telling. */
  add(strategy: string, error: unknown, isLeaving: boolean): boolean {
    const before = this.#strategies.get(strategy)
    const kind = kindOf(error)
    const isNew = before?.kind !== kind
    const backoff = isNew ? backoffFor(error) : before.backoff
    backoff.fail(performance.now())
    this.#strategies.set(strategy, { backoff, isLeaving, kind })
    return isNew
  }

  /** The strategy comes or goes while it waits. @returns false when it does not wait. */
  change(strategy: string, isLeaving: boolean): boolean {
    const postponement = this.#strategies.get(strategy)
    if (postponement === undefined) return false
    this.#strategies.set(strategy, { ...postponement, isLeaving })
    return true
  }

  delete(strategy: string): void {
    this.#strategies.delete(strategy)
  }

  /** Those whose time has come. They wait until they are deleted or added again. */
  due(): { readonly strategy: string; readonly isLeaving: boolean }[] {
    if (this.#strategies.size === 0) return []
    const nowMs = performance.now()
    return [...this.#strategies].flatMap(([strategy, { backoff, isLeaving }]) =>
      backoff.dueMs <= nowMs ? [{ strategy, isLeaving }] : [],
    )
  }
}

function backoffFor(error: unknown): RetryBackoff {
  return isPassingError(error) ? new RetryBackoff() : new RetryBackoff(DAMAGE_RETRY_MS, DAMAGE_RETRY_MS)
}

function kindOf(error: unknown): string {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown }
  return `${name} ${code}`
}
