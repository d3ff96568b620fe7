import { type AsyncWaitOptions, ClosedError, isQueueError, type WaitOutcome } from '@chronicle-ts/core'
import { checkFlag, checkOptions, checkSignal, TIME_LIMIT } from '@chronicle-ts/core/internal'
import { type AnyMessageType, BadMessageError } from '@chronicle-ts/schema'
import { type AwaitedSource, MessageSelector, SKIPPING, type SkipCounts, TypedIterator } from '@chronicle-ts/typed'
import { AttachedQueues, type Delivery } from './attached-queues.js'
import { SKIPPED_PER_TURN } from './defaults.js'
import type { FailedSource } from './source-failures.js'
import { signalWithin } from './sources/signal-within.js'
import type { TopicSources } from './sources/topic-sources.js'
import type { ResolvedSubscribeOptions } from './subscribe-options.js'
import { newTopicEntry, type TopicEntry, type TopicMessage } from './topic-message.js'

/**
 * Reads the messages of a topic: of its one queue, which may not exist yet, or of every strategy's or feed's, merged. Queues are attached and detached while it runs.
 *
 * Invariant: a message that could not be delivered is pending. The next read begins with it, and a commit ends before it.
 */
export class Subscription<const Types extends readonly AnyMessageType[]>
  implements AsyncIterable<TopicMessage<Types>>, Disposable
{
  readonly #options: ResolvedSubscribeOptions
  readonly #selector: MessageSelector<TopicEntry>
  readonly #queues: AttachedQueues
  /** The key of the message that is judged. */
  #judged = ''
  #pending: Delivery | undefined
  #interruptWait: (() => void) | undefined
  #isDelivered = false

  /** @internal Use `subscribe` of a bus. */
  static of<const Types extends readonly AnyMessageType[]>(
    options: ResolvedSubscribeOptions,
    sources: TopicSources,
  ): Subscription<Types> {
    return new Subscription(options, sources)
  }

  private constructor(options: ResolvedSubscribeOptions, sources: TopicSources) {
    const { types, selection } = options
    this.#options = options
    this.#selector = new MessageSelector(types, selection, newTopicEntry, (error) => this.#queues.report(this.#judged, error))
    this.#queues = new AttachedQueues(options, sources, (key) => this.#detaching(key))
  }

  /**
   * Returns the next message, or `undefined` when none can be delivered now. Never blocks. Looks for queues that came or went when it has nothing.
   *
   * @throws of a topic of one queue: `ERR_SCHEMA_INCOMPATIBLE` for another definition, `ERR_BAD_MESSAGE`, and what reading throws, as `ERR_CORRUPT_RECORD`; of all topics what `where` throws. The
   * position stays. A queue of many that cannot be read is set aside, see {@link failures}.
   */
  next(): TopicMessage<Types> | undefined {
    for (;;) {
      const taken = this.#take(Number.POSITIVE_INFINITY)
      if (taken !== SKIPPING) return taken
    }
  }

  /** Yields all messages, waiting where there is none. Ends when the signal aborts, when the subscription is closed and at `return()`; the subscription stays open. */
  messages(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<TopicMessage<Types>, undefined, void> {
    checkOptions(options, { signal: true })
    checkSignal(options.signal)
    const awaited: AwaitedSource = {
      isClosed: () => this.closed,
      waitAsync: ({ signal }) => this.#wait(signal),
    }
    return new TypedIterator<TopicMessage<Types>>(awaited, () => this.#take(SKIPPED_PER_TURN), options.signal)
  }

  /** Resolves when {@link next} may have a message, a queue came or went, or the time is over. Rejects with the signal's reason when it aborts, and with `ERR_CLOSED` when the subscription is closed. */
  async waitAsync(options: AsyncWaitOptions = {}): Promise<WaitOutcome> {
    checkOptions(options, { timeoutMs: TIME_LIMIT, signal: true })
    checkSignal(options.signal)
    const { timeoutMs = Number.POSITIVE_INFINITY, signal = new AbortController().signal } = options
    this.#assertOpen()
    signal.throwIfAborted()
    using within = signalWithin(signal, timeoutMs)
    const hasChanged = await this.#wait(within.signal)
    signal.throwIfAborted()
    this.#assertOpen()
    return hasChanged ? 'message' : 'timeout'
  }

  /** {@link messages} until the end of the loop, which closes the subscription. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TopicMessage<Types>, void, undefined> {
    try {
      yield* this.messages({ signal: this.#options.signal })
    } finally {
      this.close()
    }
  }

  /**
   * Saves the positions: everything that was delivered or skipped counts as done. A message that could not be delivered is not covered.
   *
   * @returns the queues whose positions could not be saved; the next commit tries again.
   */
  commit(options: { readonly durable?: boolean } = {}): readonly FailedSource[] {
    this.#assertOpen()
    if (this.#selector.isJudging) throw this.#selector.busy('subscription', 'commit')
    checkOptions(options, { durable: true })
    checkFlag('durable', options.durable)
    return this.#queues.commit(options, this.#pending)
  }

  /**
   * Sets a queue aside, as if reading it had failed: what it delivered since the last commit is delivered again when the queue is tried again. That is soon when the error is one that may pass,
   * and otherwise when its publisher restarts, or after half a minute. If a queue was replaced, see {@link assertInPlace}, the subscription reports it and attaches its replacement. For programs
   * that cannot handle one queue's messages now, and want to continue with the others.
   *
   * @throws `ERR_INVALID_ARGUMENT` for a topic of one queue, and for a key that is not attached
   */
  setAside(key: string, error: Error): void {
    this.#assertOpen()
    this.#queues.attachedOfMany(key)
    if (isQueueError(error, 'ERR_QUEUE_REPLACED')) {
      this.#queues.report(key, error)
      this.#queues.openSuccessor(key)
    } else this.#queues.setAside(key, error)
  }

  /**
   * Throws if the queue of this key was renamed or replaced since it was attached. Call it after opening a related queue by path, such as the answers, to check that both belong together.
   *
   * @throws `ERR_QUEUE_REPLACED` when the queue of this key was renamed or replaced since it was attached; `ERR_INVALID_ARGUMENT` as {@link setAside}
   */
  assertInPlace(key: string): void {
    this.#assertOpen()
    this.#queues.attachedOfMany(key).assertInPlace()
  }

  /** Keys of the queues that are attached, sorted. */
  get keys(): string[] {
    return this.#queues.keys
  }

  /** Queues that are set aside, with the error of each: another definition of a type, a damaged message, or what the reader threw. Sorted by key. */
  get failures(): FailedSource[] {
    return this.#queues.failures
  }

  /** Counts of messages that were skipped so far. */
  get skipped(): SkipCounts {
    return this.#selector.skipped
  }

  get closed(): boolean {
    return this.#queues.closed
  }

  /** Closes all readers and ends all iterators. Commits nothing. Idempotent. */
  close(): void {
    if (this.closed) return
    this.#interruptWait?.()
    this.#queues.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #take(limit: number): TopicMessage<Types> | typeof SKIPPING | undefined {
    this.#assertOpen()
    if (this.#selector.isJudging) throw this.#selector.busy('subscription', 'next')
    this.#commitDelivered()
    for (let looked = 0; looked < limit; looked++) {
      const delivery = this.#pending ?? this.#queues.next()
      // Read after the look, which may have found that the only queue cannot be read.
      this.#queues.assertReadable()
      if (delivery === undefined) return undefined
      const entry = this.#select(delivery)
      if (entry === undefined) continue
      this.#isDelivered = true
      this.#queues.noteDelivered(delivery.key)
      return entry.fill(delivery) as unknown as TopicMessage<Types>
    }
    return SKIPPING
  }

  /** With `commit: 'each'` a message counts as done when the next one is asked for. */
  #commitDelivered(): void {
    if (!this.#isDelivered || this.#options.commit !== 'each') return
    this.#isDelivered = false
    this.commit()
  }

  #select(delivery: Delivery): TopicEntry | undefined {
    const { key, late, ahead, message } = delivery
    this.#judged = key
    try {
      const entry = this.#selector.find(message.typeId)
      const isSelected = this.#selector.isSelected(entry, message)
      this.#pending = undefined
      return isSelected ? entry : undefined
    } catch (error) {
      if (error instanceof BadMessageError && !this.#queues.isSingle) {
        this.#pending = undefined
        this.#queues.setAside(key, error)
        return undefined
      }
      this.#pending = { key, late, ahead, message }
      throw error
    }
  }

  /** Its messages become invalid. */
  #detaching(key: string): void {
    if (this.#pending?.key === key) this.#pending = undefined
    this.#selector.releaseMessages()
  }

  /** Ends when a message may be there, or a queue came or went. @returns false when the signal ended it */
  async #wait(signal: AbortSignal): Promise<boolean> {
    const interruption = new AbortController()
    const interrupt = (): void => interruption.abort()
    this.#interruptWait = interrupt
    signal.addEventListener('abort', interrupt, { once: true })
    if (signal.aborted) interrupt()
    try {
      return await this.#queues.wait(interruption)
    } finally {
      this.#interruptWait = undefined
      signal.removeEventListener('abort', interrupt)
    }
  }

  #assertOpen(): void {
    if (this.closed) throw new ClosedError({ handle: 'subscription' })
  }
}
