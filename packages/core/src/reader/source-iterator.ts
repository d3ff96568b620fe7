import { Interruption } from '../wait/interruption.js'

/** What an iterator needs of its source. */
export interface IteratedSource<Turn> {
  isClosed(): boolean
  /** What the next turn gets, such as a flyweight that is the same each time; `undefined` when the source has caught up. @throws what reading throws. */
  take(): Turn | undefined
  /** Waits for more, until the interruption ends it. Rejects when the signal aborts or the source is closed. */
  waitForMore(ends: { readonly signal: AbortSignal | undefined; readonly interruption: Interruption }): Promise<void>
  /** Called once, before the first turn. @throws what keeps it from beginning: the iterator ends then. */
  begun?(): void
  /** Called once, when the iterator has ended. @throws what keeping note of that throws. */
  ended(): void
  /** Called before each look: the consumer is done with all turns that it has. @throws what keeping note of that throws. */
  asked?(): void
}

/** More turns than are ever given at once, so that the check for these finds the first turn, too, which then costs the others nothing. */
const NOT_BEGUN = 2 ** 30 - 1

type Step<Turn> = IteratorResult<Turn, undefined>

const DONE = { value: undefined, done: true } as const

/**
 * The turns of a source, for `for await`. An object and not an async generator, because a generator that waits takes no `return()` before its wait is over. Ends when the
 * signal aborts, the source is closed, `return()` or `throw()` is called, or reading fails; a wait in progress ends at once. What was not delivered stays in the source.
 */
export class SourceIterator<Turn> implements AsyncGenerator<Turn, undefined, void> {
  readonly #source: IteratedSource<Turn>
  readonly #signal: AbortSignal | undefined
  readonly #turnsAtOnce: number
  readonly #interruption = new Interruption()
  /** The step of the last turn, resolved: a source that gives one flyweight each time needs no further promise. */
  #ready: Promise<Step<Turn>> | undefined
  #readyValue: Turn | undefined
  /** The last call of {@link next} that had to wait, and how many have to; those that come meanwhile queue up after it. */
  #last: Promise<unknown> | undefined
  #waiting = 0
  #turns = NOT_BEGUN
  #hasEnded = false

  /** @param options.turnsAtOnce how many turns are given before the event loop turns once: a backlog must not keep timers and sockets of the process waiting. */
  constructor(source: IteratedSource<Turn>, options: { readonly signal: AbortSignal | undefined; readonly turnsAtOnce: number }) {
    this.#source = source
    this.#signal = options.signal
    this.#turnsAtOnce = options.turnsAtOnce
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Step<Turn>> {
    try {
      this.#source.asked?.()
      if (this.#last !== undefined) return this.#queueAfter(this.#last)
      if (this.#turns++ >= this.#turnsAtOnce && !this.#begins()) return this.#queueAfter(nextEventLoopTurn())
      if (this.#isOver) return this.#done()
      const value = this.#source.take()
      if (value === undefined) return this.#queueAfter(undefined)
      return value === this.#readyValue && this.#ready !== undefined ? this.#ready : this.#makeReady(value)
    } catch (error) {
      return Promise.reject(this.#endedBy(error))
    }
  }

  return(_value?: undefined | PromiseLike<undefined>): Promise<Step<Turn>> {
    try {
      return this.#done()
    } catch (error) {
      return Promise.reject(error)
    }
  }

  throw(error?: unknown): Promise<Step<Turn>> {
    return Promise.reject(this.#endedBy(error))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
  }

  /** Whether this is the first turn, which counts from here on. */
  #begins(): boolean {
    if (this.#turns < NOT_BEGUN) return false
    this.#turns = 1
    if (!this.#isOver) this.#source.begun?.()
    return true
  }

  #queueAfter(earlier: Promise<unknown> | undefined): Promise<Step<Turn>> {
    const step = earlier === undefined ? this.#wait() : earlier.then(() => this.#wait())
    this.#waiting++
    this.#last = step.then(this.#settled, this.#settled)
    return step
  }

  readonly #settled = (): void => {
    this.#turns = 0
    if (--this.#waiting === 0) this.#last = undefined
  }

  async #wait(): Promise<Step<Turn>> {
    try {
      for (;;) {
        const step = this.#look()
        if (step !== undefined) return step
        await this.#source.waitForMore({ signal: this.#signal, interruption: this.#interruption })
      }
    } catch (error) {
      if (this.#isOver) {
        this.#end()
        return DONE
      }
      throw this.#endedBy(error)
    }
  }

  /** What can be said without waiting. */
  #look(): Step<Turn> | undefined {
    if (this.#isOver) {
      this.#end()
      return DONE
    }
    const value = this.#source.take()
    return value === undefined ? undefined : { value, done: false }
  }

  #makeReady(value: Turn): Promise<Step<Turn>> {
    this.#readyValue = value
    // Given again and again, so that no caller may change it.
    this.#ready = Promise.resolve(Object.freeze({ value, done: false as const }))
    return this.#ready
  }

  #done(): Promise<Step<Turn>> {
    this.#end()
    return Promise.resolve(DONE)
  }

  get #isOver(): boolean {
    return this.#hasEnded || this.#signal?.aborted === true || this.#source.isClosed()
  }

  #endedBy(error: unknown): unknown {
    try {
      this.#end()
    } catch {
      // The caller gets what came first.
    }
    return error
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#ready = undefined
    this.#readyValue = undefined
    this.#interruption.end()
    this.#source.ended()
  }
}

/** A backlog must not keep timers and sockets of the process waiting. */
export function nextEventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
