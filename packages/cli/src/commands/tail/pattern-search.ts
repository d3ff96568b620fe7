import { TooSlowError, withinTime } from '../../interruptible.js'
import { SlowSearch } from './slow-search.js'

/** Signals wait for as long, and a text that takes longer is searched by another thread. */
const SLICE_MS = 100

/** Searches texts with a pattern, a slice of time after the other. A regular expression may take exponential time over a short text, which then another thread searches. */
export class PatternSearch {
  readonly #matches: boolean[] = []
  #slow: SlowSearch | undefined

  constructor(
    private readonly pattern: RegExp,
    private readonly texts: readonly string[],
  ) {}

  /** Resolves when another thread is done; `undefined` when none is at work. */
  get pending(): Promise<void> | undefined {
    return this.#slow?.done
  }

  /**
   * Searches for one slice. Returns which texts match when all are done, `undefined` when the event loop should take a turn first.
   *
   * @throws UsageError when the pattern takes too long.
   */
  step(): readonly boolean[] | undefined {
    if (this.#slow !== undefined && !this.#takeSlow(this.#slow)) return undefined
    const done = this.#matches.length
    try {
      withinTime(() => this.#searchAll(), SLICE_MS)
      return this.#matches
    } catch (error) {
      if (!(error instanceof TooSlowError)) throw error
      if (this.#matches.length === done) this.#slow = new SlowSearch(this.pattern, this.texts[done] as string)
      return undefined
    }
  }

  /** Ends the other thread. */
  close(): void {
    this.#slow?.close()
    this.#slow = undefined
  }

  #takeSlow(slow: SlowSearch): boolean {
    const { matches } = slow
    if (matches === undefined) return false
    this.#slow = undefined
    this.#matches.push(matches)
    return true
  }

  #searchAll(): void {
    while (this.#matches.length < this.texts.length)
      this.#matches.push(this.pattern.test(this.texts[this.#matches.length] as string))
  }
}
