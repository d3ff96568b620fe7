import { UsageError } from '../../command-error.js'
import { interruptible, TooSlowError } from '../../interruptible.js'

/** A first try: signals that came before it began are noticed after this long. */
const FIRST_SLICE_MS = 100
/** A pattern that has not got through one text in this time never will: good ones read gigabytes in it. */
const LAST_SLICE_MS = 3200

/**
 * Searches texts with a pattern, a slice of time after the other. A regular expression may take exponential time over a short text, and nothing but the end of its slice, or
 * Ctrl-C, stops it. It then begins with that text again, with twice the time.
 */
export class PatternSearch {
  readonly #matches: boolean[] = []
  #sliceMs = FIRST_SLICE_MS

  constructor(
    private readonly pattern: RegExp,
    private readonly texts: readonly string[],
  ) {}

  /**
   * Searches for one slice. Returns which texts match when all are done, `undefined` when the event loop should take a turn first.
   *
   * @throws UsageError when the pattern takes too long; InterruptedError.
   */
  step(): readonly boolean[] | undefined {
    const done = this.#matches.length
    try {
      interruptible(() => this.#searchAll(), this.#sliceMs)
      return this.#matches
    } catch (error) {
      if (!(error instanceof TooSlowError)) throw error
      if (this.#matches.length > done) this.#sliceMs = FIRST_SLICE_MS
      else if (this.#sliceMs < LAST_SLICE_MS) this.#sliceMs *= 2
      else
        throw new UsageError(
          `the pattern ${this.pattern} takes too long to search with; repetitions inside of repetitions, as in (a+)+, do that`,
        )
      return undefined
    }
  }

  #searchAll(): void {
    while (this.#matches.length < this.texts.length)
      this.#matches.push(this.pattern.test(this.texts[this.#matches.length] as string))
  }
}
