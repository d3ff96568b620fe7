import { isPassingError, RetryBackoff } from '@chronicle-ts/fanin'
import { DAMAGE_RETRY_MS } from '../defaults.js'
import { kindOfError } from '../source-failures.js'
import type { DetachedSource } from './topic-sources.js'

interface Postponement {
  readonly backoff: RetryBackoff
  readonly isLeaving: boolean
  /** What sort of error it was. */
  readonly kind: string
}

/** Queues that cannot be read, and when to try again: soon where the reason may pass, seldom where something is damaged. */
export class PostponedSources {
  readonly #sources = new Map<string, Postponement>()

  /** Tries a queue again later: after a longer pause when it fails for the same reason again. */
  add({ key, error, isLeaving }: DetachedSource): void {
    const before = this.#sources.get(key)
    const kind = kindOfError(error)
    const backoff = before?.kind === kind ? before.backoff : backoffFor(error)
    backoff.fail(performance.now())
    this.#sources.set(key, { backoff, isLeaving, kind })
  }

  /** The publisher comes or goes while its queue is postponed. Without effect for others. */
  change(key: string, isLeaving: boolean): void {
    const postponement = this.#sources.get(key)
    if (postponement !== undefined) this.#sources.set(key, { ...postponement, isLeaving })
  }

  /** @returns whether it was postponed */
  delete(key: string): boolean {
    return this.#sources.delete(key)
  }

  /** The queues whose time has come. They stay until they are deleted or added again. */
  due(): { readonly key: string; readonly isLeaving: boolean }[] {
    if (this.#sources.size === 0) return []
    const nowMs = performance.now()
    return [...this.#sources].flatMap(([key, { backoff, isLeaving }]) => (backoff.dueMs <= nowMs ? [{ key, isLeaving }] : []))
  }

  /** Milliseconds until the next time has come; `Infinity` when nothing is postponed. */
  get msUntilDue(): number {
    let dueMs = Number.POSITIVE_INFINITY
    for (const { backoff } of this.#sources.values()) dueMs = Math.min(dueMs, backoff.dueMs)
    return Math.max(0, dueMs - performance.now())
  }
}

function backoffFor(error: unknown): RetryBackoff {
  return isPassingError(error) ? new RetryBackoff() : new RetryBackoff(DAMAGE_RETRY_MS, DAMAGE_RETRY_MS)
}
