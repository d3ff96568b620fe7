import { DELIVERED_PER_TURN } from '../defaults.js'

/** Messages were skipped, and there may be more. */
export const SKIPPING = Symbol('skipping')

/** What the iterator waits for. */
export interface AwaitedSource {
  isClosed(): boolean
  /** Until there may be something to take. */
  waitAsync(options: { readonly signal: AbortSignal }): Promise<unknown>
}

type Step<T> = IteratorResult<T, undefined>

const DONE = { value: undefined, done: true } as const

/**
 * The turns of a typed source, for `for await`. An object and not an async generator, because a generator that waits takes no `return()` before its wait is over.
 */
export class TypedIterator<T> implements AsyncGenerator<T, undefined, void> {
  readonly #source: AwaitedSource
  readonly #take: () => T | typeof SKIPPING | undefined
  readonly #signal: AbortSignal | undefined
  readonly #ending = new AbortController()
  readonly #onAbort = (): void => this.#end()
  #turns = 0
  #hasEnded = false

  constructor(source: AwaitedSource, take: () => T | typeof SKIPPING | undefined, signal: AbortSignal | undefined) {
    this.#source = source
    this.#take = take
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Step<T>> {
    if (this.#turns++ >= DELIVERED_PER_TURN) return this.#afterTurn()
    try {
      const step = this.#look()
      return step === undefined || step === SKIPPING ? this.#wait(step) : Promise.resolve(step)
    } catch (error) {
      this.#end()
      return Promise.reject(error)
    }
  }

  return(_value?: undefined | PromiseLike<undefined>): Promise<Step<T>> {
    this.#end()
    return Promise.resolve(DONE)
  }

  throw(error?: unknown): Promise<Step<T>> {
    this.#end()
    return Promise.reject(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
  }

  async #afterTurn(): Promise<Step<T>> {
    await nextEventLoopTurn()
    this.#turns = 0
    return this.next()
  }

  async #wait(first: typeof SKIPPING | undefined): Promise<Step<T>> {
    let step: Step<T> | typeof SKIPPING | undefined = first
    try {
      while (step === undefined || step === SKIPPING) {
        if (step === SKIPPING) await nextEventLoopTurn()
        else await this.#source.waitAsync({ signal: this.#ending.signal })
        this.#turns = 0
        step = this.#look()
      }
      return step
    } catch (error) {
      const isOver = this.#isOver
      this.#end()
      if (isOver) return DONE
      throw error
    }
  }

  /** What can be said without waiting. */
  #look(): Step<T> | typeof SKIPPING | undefined {
    if (this.#isOver) {
      this.#end()
      return DONE
    }
    const value = this.#take()
    if (value === undefined) return undefined
    return value === SKIPPING ? SKIPPING : { value, done: false }
  }

  get #isOver(): boolean {
    return this.#hasEnded || this.#signal?.aborted === true || this.#source.isClosed()
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#ending.abort()
  }
}

function nextEventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
