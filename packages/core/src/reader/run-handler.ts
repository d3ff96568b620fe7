import { ITERATOR_TURN_COUNT } from '../defaults.js'
import { InvalidArgumentError } from '../errors/index.js'
import { checkOptions, checkSignal, type OptionNames } from '../files/option-names.js'
import { isPromise, refuseGenerator } from '../files/refuse-promise.js'
import { Interruption } from '../wait/interruption.js'
import { checkCommitEvery } from './commit-every.js'
import type { Message } from './message.js'
import type { MessageCopy } from './message-copy.js'
import { type IteratedSource, nextEventLoopTurn } from './source-iterator.js'

export interface RunOptions {
  /** Ends the run: it resolves when the handlers under way are done. */
  readonly signal?: AbortSignal | undefined
  /** How many messages may be in work at a time. Default 1: one after the other, in order. */
  readonly concurrency?: number
  /**
   * Commits once per so many messages that are done, whenever the reader has caught up, and at the end; `Infinity`: then only. Default 256. A crash repeats the messages since
   * the last commit.
   */
  readonly commitEvery?: number
}

/** Commits per so many messages by default: as many as are handled before the event loop turns. */
export const RUN_COMMIT_EVERY = ITERATOR_TURN_COUNT

const RUN_NAMES: OptionNames<RunOptions> = { signal: true, concurrency: true, commitEvery: true }

/** @throws {@link InvalidArgumentError}. */
export function checkRun(handler: unknown, options: RunOptions): void {
  checkOptions(options, RUN_NAMES)
  const { concurrency = 1, commitEvery = RUN_COMMIT_EVERY, signal } = options
  checkSignal(signal)
  if (typeof handler !== 'function')
    throw new InvalidArgumentError({ argument: 'handler', value: handler, expected: 'a function' })
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new InvalidArgumentError({ argument: 'concurrency', value: concurrency, expected: 'an integer from 1 on' })
  checkCommitEvery(commitEvery)
}

/** Until there is more to read, or the run is over. */
async function waitForMore(source: IteratedSource<Message>, end: RunEnd): Promise<void> {
  try {
    await source.waitForMore(end)
  } catch (error) {
    if (!end.isOver && !source.isClosed()) throw error
  }
}

/** Ends when the signal of the caller aborts, or when the run ends it. */
class RunEnd {
  readonly signal: AbortSignal | undefined
  readonly interruption = new Interruption()

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal
  }

  get isOver(): boolean {
    return this.interruption.isOver || this.signal?.aborted === true
  }
}

/** Whether a handler is at work after its return. @throws {@link InvalidArgumentError} when it has not begun and never will. */
function isPending(result: unknown): result is PromiseLike<unknown> {
  if (result === undefined) return false
  refuseGenerator(result, 'handler')
  return isPromise(result)
}

/** One message after the other. No promise is made for a message whose handler returns none. */
export async function runInOrder(
  source: IteratedSource<Message>,
  handler: (message: Message) => unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await handleAll(source, handler, new RunEnd(signal))
  } catch (error) {
    quietly(() => source.ended())
    throw error
  }
  source.ended()
}

async function handleAll(source: IteratedSource<Message>, handler: (message: Message) => unknown, end: RunEnd): Promise<void> {
  source.begun?.()
  for (let count = 1; ; count++) {
    source.asked?.()
    if (end.isOver || source.isClosed()) return
    const message = source.take()
    if (message === undefined) await waitForMore(source, end)
    else {
      const result = handler(message)
      if (isPending(result)) await result
    }
    if (count % ITERATOR_TURN_COUNT === 0) await nextEventLoopTurn()
  }
}

/** After a failure: the caller gets what failed first. */
function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // The position stays where it was: messages are repeated.
  }
}

interface InWork {
  readonly message: MessageCopy
  isDone: boolean
}

interface ConcurrentOptions {
  readonly signal: AbortSignal | undefined
  readonly concurrency: number
  readonly commitEvery: number
  commitThrough(message: MessageCopy): void
}

/**
 * Messages in work at the same time, and the commits of what is done. A commit goes up to the first message that is not done, so that a crash repeats messages and skips none.
 * After a handler has failed no further message is taken.
 */
class ConcurrentRun {
  readonly #source: IteratedSource<Message>
  readonly #handler: (message: MessageCopy) => unknown
  readonly #options: ConcurrentOptions
  readonly #end: RunEnd
  /** In the order of the queue, those done at the front left out. */
  readonly #inWork: InWork[] = []
  #running = 0
  /** There is nothing to take: the commit comes when all that was taken is done. */
  #hasCaughtUp = false
  #doneCount = 0
  #lastDone: MessageCopy | undefined
  #failure: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(source: IteratedSource<Message>, handler: (message: MessageCopy) => unknown, options: ConcurrentOptions) {
    this.#source = source
    this.#handler = handler
    this.#options = options
    this.#end = new RunEnd(options.signal)
  }

  async run(): Promise<void> {
    try {
      await this.#takeAll()
    } catch (error) {
      this.#fail(error)
    }
    this.#end.interruption.end()
    while (this.#running > 0) await this.#nextSettled()
    this.#source.ended()
    if (this.#failure === undefined) return this.#commit()
    quietly(() => this.#commit())
    throw this.#failure.error
  }

  async #takeAll(): Promise<void> {
    this.#source.begun?.()
    for (let count = 1; !this.#end.isOver && !this.#source.isClosed(); count++) {
      if (count % ITERATOR_TURN_COUNT === 0) await nextEventLoopTurn()
      else if (this.#running >= this.#options.concurrency) await this.#nextSettled()
      else {
        const message = this.#source.take()
        if (message === undefined) await this.#waitCaughtUp()
        else this.#work(message.copy())
      }
    }
  }

  async #waitCaughtUp(): Promise<void> {
    this.#hasCaughtUp = true
    if (this.#inWork.length === 0) this.#commit()
    await waitForMore(this.#source, this.#end)
    this.#hasCaughtUp = false
  }

  /** No promise is made besides the handler's. */
  #work(message: MessageCopy): void {
    const inWork = { message, isDone: false }
    this.#inWork.push(inWork)
    this.#running++
    try {
      const result = this.#handler(message)
      if (!isPending(result)) this.#done(inWork)
      else
        Promise.resolve(result).then(
          () => this.#done(inWork),
          (error) => this.#failed(error),
        )
    } catch (error) {
      this.#failed(error)
    }
  }

  #done(inWork: InWork): void {
    inWork.isDone = true
    try {
      this.#passDone()
    } catch (error) {
      this.#fail(error)
    }
    this.#settled()
  }

  #failed(error: unknown): void {
    this.#fail(error)
    this.#settled()
  }

  #settled(): void {
    this.#running--
    this.#wake?.()
  }

  #passDone(): void {
    for (let first = this.#inWork[0]; first?.isDone; first = this.#inWork[0]) {
      this.#lastDone = first.message
      this.#doneCount++
      this.#inWork.shift()
    }
    if (this.#doneCount >= this.#options.commitEvery || (this.#hasCaughtUp && this.#inWork.length === 0)) this.#commit()
  }

  #commit(): void {
    const message = this.#lastDone
    if (message === undefined || this.#source.isClosed()) return
    this.#lastDone = undefined
    this.#doneCount = 0
    this.#options.commitThrough(message)
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#end.interruption.end()
  }

  #nextSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

/** Up to so many messages at a time, each a copy. */
export async function runConcurrently(
  source: IteratedSource<Message>,
  handler: (message: MessageCopy) => unknown,
  options: ConcurrentOptions,
): Promise<void> {
  await new ConcurrentRun(source, handler, options).run()
}
