import {
  type AsyncWaitOptions,
  ClosedError,
  InvalidArgumentError,
  isQueueError,
  type Message,
  type QueueReader,
  type WaitOutcome,
} from '@chronicle-ts/core'
import { checkFlag, checkOptions, checkSignal } from '@chronicle-ts/core/internal'
import { FanInReader, isPassingError, type SourceFailure } from '@chronicle-ts/fanin'
import { type AnyMessageType, BadMessageError } from '@chronicle-ts/schema'
import {
  type AwaitedSource,
  checkTypesAgainstRegistry,
  commitBefore,
  MessageSelector,
  SKIPPING,
  type SkipCounts,
  TypedIterator,
} from '@chronicle-ts/typed'
import { LOOKS_PER_POLL, SKIPPED_PER_TURN } from './defaults.js'
import { type FailedSource, SourceFailures } from './source-failures.js'
import { signalWithin } from './sources/signal-within.js'
import type { SourceChange, TopicSources } from './sources/topic-sources.js'
import type { ResolvedSubscribeOptions } from './subscribe-options.js'
import { newTopicEntry, type TopicEntry, type TopicMessage, type TopicOrigin } from './topic-message.js'

/** A message, and what the merge says of it. */
interface Delivery extends TopicOrigin {
  readonly message: Message
}

/**
 * Reads the messages of a topic: of its one queue, which may not exist yet, or of every strategy's or feed's, merged. Queues are attached and detached while it runs.
 *
 * Invariant: a message that could not be delivered is pending. The next read begins with it, and a commit ends before it.
 */
export class Subscription<const Types extends readonly AnyMessageType[]>
  implements AsyncIterable<TopicMessage<Types>>, Disposable
{
  readonly #options: ResolvedSubscribeOptions
  readonly #sources: TopicSources
  readonly #fanIn: FanInReader<QueueReader>
  readonly #selector: MessageSelector<TopicEntry>
  readonly #readers = new Map<string, QueueReader>()
  /** Sources that are detached when they are read to the end and their messages are committed. */
  readonly #leaving = new Set<string>()
  /** Sources that have delivered since the last commit. */
  readonly #uncommitted = new Set<string>()
  /** The last one that was noted there: most messages are from the same source as the one before. */
  #notedKey: string | undefined
  readonly #failures: SourceFailures
  /** The key of the message that is judged. */
  #judged = ''
  #pending: Delivery | undefined
  /** What ends every read until the queue is replaced: the only source cannot be read. */
  #fatal: Error | undefined
  #interruptWait: (() => void) | undefined
  #isDelivered = false
  #looks = 0

  /** @internal Use `subscribe` of a bus. */
  static of<const Types extends readonly AnyMessageType[]>(
    options: ResolvedSubscribeOptions,
    sources: TopicSources,
  ): Subscription<Types> {
    return new Subscription(options, sources)
  }

  private constructor(options: ResolvedSubscribeOptions, sources: TopicSources) {
    const { types, selection, fanIn, onProblem } = options
    this.#options = options
    this.#sources = sources
    this.#failures = new SourceFailures(onProblem)
    this.#selector = new MessageSelector(types, selection, newTopicEntry, (error) => this.#reportBad(error))
    this.#fanIn = new FanInReader<QueueReader>({
      ...fanIn,
      onSourceError: (failure) => this.#sourceFailed(failure),
    })
    this.#follow(sources.poll())
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
    checkOptions(options, { timeoutMs: true, signal: true })
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
    this.#selector.assertNotJudging('subscription', 'commit')
    checkOptions(options, { durable: true })
    checkFlag('durable', options.durable)
    this.#failures.committed()
    this.#uncommitted.clear()
    this.#notedKey = undefined
    const failures = this.#commitSources(options)
    for (const { key } of failures) this.#uncommitted.add(key)
    return failures.map(({ key, error }) => ({ key, error: error as Error }))
  }

  /**
   * Sets a queue aside, as if reading it had failed: what it delivered since the last commit is delivered again when the queue is tried again. That is soon when the error is one that may pass,
   * and otherwise when its publisher restarts, or after half a minute. If a queue was replaced, see {@link assertInPlace}, the subscription reports it and attaches its replacement. For programs
   * that cannot handle one queue's messages now, and want to continue with the others.
   *
   * @throws `ERR_INVALID_ARGUMENT` for a topic of one queue, and for a key that is not attached
   */
  setAside(key: string, error: Error): void {
    this.#attachedOfMany(key)
    if (isQueueError(error, 'ERR_QUEUE_REPLACED')) {
      this.#failures.report(key, error)
      this.#openSuccessor(key)
    } else this.#setAside(key, error)
  }

  /**
   * Throws if the queue of this key was renamed or replaced since it was attached. Call it after opening a related queue by path, such as the answers, to check that both belong together.
   *
   * @throws `ERR_QUEUE_REPLACED` when the queue of this key was renamed or replaced since it was attached; `ERR_INVALID_ARGUMENT` as {@link setAside}
   */
  assertInPlace(key: string): void {
    this.#attachedOfMany(key).assertInPlace()
  }

  /** Keys of the queues that are attached, sorted. */
  get keys(): string[] {
    return this.#fanIn.keys
  }

  /** Queues that are set aside, with the error of each: another definition of a type, a damaged message, or what the reader threw. Sorted by key. */
  get failures(): FailedSource[] {
    // The fan-in has read again what it tried again.
    if (!this.closed) for (const key of this.#fanIn.keys) if (!this.#hasFailed(key)) this.#failures.attached(key)
    return this.#failures.list()
  }

  /** Counts of messages that were skipped so far. */
  get skipped(): SkipCounts {
    return this.#selector.skipped
  }

  get closed(): boolean {
    return this.#fanIn.closed
  }

  /** Closes all readers and ends all iterators. Commits nothing. Idempotent. */
  close(): void {
    if (this.closed) return
    this.#fanIn.close()
    this.#interruptWait?.()
    for (const [key, reader] of this.#readers) this.#sources.release(key, reader)
    this.#readers.clear()
    this.#sources.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #take(limit: number): TopicMessage<Types> | typeof SKIPPING | undefined {
    this.#assertOpen()
    this.#selector.assertNotJudging('subscription', 'next')
    this.#commitDelivered()
    for (let looked = 0; looked < limit; looked++) {
      const delivery = this.#pending ?? this.#nextDelivery()
      // Read after the look, which may have found that the only queue cannot be read.
      if (this.#fatal !== undefined) throw this.#fatal
      if (delivery === undefined) return undefined
      const entry = this.#select(delivery)
      if (entry === undefined) continue
      this.#isDelivered = true
      if (delivery.key !== this.#notedKey) this.#noteDelivered(delivery.key)
      return entry.fill(delivery) as unknown as TopicMessage<Types>
    }
    return SKIPPING
  }

  #commitSources(options: { readonly durable?: boolean }): readonly SourceFailure[] {
    const pending = this.#pending
    if (pending === undefined) return this.#fanIn.commit(options)
    const others = this.#fanIn.keys.filter((key) => key !== pending.key)
    const failures = others.flatMap((key) => [...this.#fanIn.commit({ ...options, key })])
    const reader = this.#readers.get(pending.key)
    if (reader !== undefined) commitBefore(reader, pending.message, options)
    return failures
  }

  #noteDelivered(key: string): void {
    this.#notedKey = key
    this.#uncommitted.add(key)
  }

  /** With `commit: 'each'` a message counts as done when the next one is asked for. */
  #commitDelivered(): void {
    if (!this.#isDelivered || this.#options.commit !== 'each') return
    this.#isDelivered = false
    this.commit()
  }

  /** Queues that come are attached also while the others have always something. */
  #nextDelivery(): Delivery | undefined {
    if (++this.#looks % LOOKS_PER_POLL === 0) this.#follow(this.#sources.poll())
    const delivery = this.#fanIn.next()
    if (delivery !== undefined) return delivery
    this.#follow(this.#sources.poll())
    this.#detachLeft()
    return this.#fanIn.next()
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
      if (error instanceof BadMessageError && !this.#sources.isSingle) {
        this.#pending = undefined
        this.#setAside(key, error)
        return undefined
      }
      this.#pending = { key, late, ahead, message }
      throw error
    }
  }

  #follow(changes: readonly SourceChange[]): void {
    for (const change of changes) {
      const { kind, key } = change
      if (kind === 'opened') this.#attach(key, change.reader, change.isLeaving)
      else if (kind === 'restarted') this.#restarted(key)
      else if (kind === 'leaving') this.#leaving.add(key)
      else if (kind === 'problem') this.#failures.add(key, change.error)
      else {
        this.#detach(key)
        this.#failures.forget(key)
      }
    }
  }

  #attach(key: string, reader: QueueReader, isLeaving: boolean): void {
    this.#readers.set(key, reader)
    this.#fatal = undefined
    // Another queue under a known name: what was reported of the former one says nothing of it.
    if (reader.opening.kind === 'new') this.#failures.forget(key)
    try {
      checkTypesAgainstRegistry(reader.directory, this.#options.types)
      this.#fanIn.add(key, reader)
      this.#failures.attached(key)
      if (isLeaving) this.#leaving.add(key)
      else this.#leaving.delete(key)
    } catch (error) {
      if (this.#sources.isSingle) this.#fatal = error as Error
      else this.#setAside(key, error as Error)
    }
  }

  /** A publisher that opens its queue repairs what can be repaired. */
  #restarted(key: string): void {
    this.#leaving.delete(key)
    if (this.#hasFailed(key)) this.#openAgain(key)
  }

  #openAgain(key: string): void {
    this.#detach(key)
    this.#follow(this.#sources.reopen(key))
  }

  /** What is at the path now is another queue: nothing was reported of it. */
  #openSuccessor(key: string): void {
    this.#failures.forget(key)
    this.#openAgain(key)
  }

  /** The fan-in tries again what may pass. */
  #sourceFailed({ key, operation, error }: SourceFailure): void {
    if (operation === 'commit') this.#failures.report(key, error as Error)
    // It has delivered everything that its own directory held. The only queue's discovery finds that by itself.
    else if (isQueueError(error, 'ERR_QUEUE_REPLACED') && !this.#sources.isSingle) this.#openSuccessor(key)
    else {
      this.#failures.add(key, error as Error)
      if (this.#sources.isSingle && !isPassingError(error) && !isQueueError(error, 'ERR_QUEUE_REPLACED'))
        this.#fatal = error as Error
    }
  }

  #reportBad(error: Error): void {
    this.#failures.report(this.#judged, error)
  }

  #hasFailed(key: string): boolean {
    return this.#fanIn.failures.some((failure) => failure.key === key)
  }

  /** Nothing of it is saved: what was delivered since the last commit is delivered again when it is attached again. */
  #setAside(key: string, error: Error): void {
    const isLeaving = this.#leaving.has(key)
    this.#detach(key)
    this.#failures.add(key, error)
    this.#sources.postpone({ key, error, isLeaving })
  }

  #detach(key: string): void {
    const reader = this.#readers.get(key)
    if (this.#pending?.key === key) this.#pending = undefined
    if (this.#fanIn.has(key)) this.#fanIn.remove(key)
    this.#leaving.delete(key)
    this.#uncommitted.delete(key)
    if (this.#notedKey === key) this.#notedKey = undefined
    this.#readers.delete(key)
    if (reader === undefined) return
    this.#selector.releaseMessages()
    this.#sources.release(key, reader)
    this.#options.onDetached?.(key)
  }

  /** A source that leaves stays until it is read to the end and what it delivered is committed: a program that was killed before gets it again. */
  #detachLeft(): void {
    for (const key of this.#leaving) {
      const reader = this.#readers.get(key)
      if (reader === undefined || !this.#fanIn.has(key)) this.#leaving.delete(key)
      else if (this.#hasFailed(key)) this.#detachFailed(key)
      else if (!this.#uncommitted.has(key) && isReadToTheEnd(reader)) {
        // What was skipped.
        this.#fanIn.commit({ key })
        this.#detach(key)
        this.#failures.forget(key)
      }
    }
  }

  /** Its publisher went, and the rest cannot be read. */
  #detachFailed(key: string): void {
    const failure = this.#fanIn.failures.find((one) => one.key === key)
    if (failure !== undefined && !isPassingError(failure.error)) this.#setAside(key, failure.error as Error)
  }

  /** Ends when a message may be there, or a queue came or went. @returns false when the signal ended it */
  async #wait(signal: AbortSignal): Promise<boolean> {
    const interruption = new AbortController()
    const interrupt = (): void => interruption.abort()
    this.#interruptWait = interrupt
    signal.addEventListener('abort', interrupt, { once: true })
    if (signal.aborted) interrupt()
    const changes = this.#sources.nextChanges(interruption.signal)
    let hasChanged = true
    try {
      await Promise.race([this.#fanIn.waitAsync({ signal: interruption.signal }), changes])
      hasChanged = !interruption.signal.aborted
    } catch (error) {
      if (!interruption.signal.aborted && !this.closed) throw error
      hasChanged = false
    } finally {
      this.#interruptWait = undefined
      signal.removeEventListener('abort', interrupt)
      interruption.abort()
    }
    const found = await changes
    if (!this.closed) this.#follow(found)
    return hasChanged || found.length > 0
  }

  #attachedOfMany(key: string): QueueReader {
    this.#assertOpen()
    const reader = this.#sources.isSingle ? undefined : this.#readers.get(key)
    if (reader !== undefined) return reader
    throw new InvalidArgumentError({ argument: 'key', value: key, expected: 'an attached queue of a topic of many' })
  }

  #assertOpen(): void {
    if (this.closed) throw new ClosedError({ handle: 'subscription' })
  }
}

function isReadToTheEnd(reader: QueueReader): boolean {
  try {
    return reader.peek() === undefined
  } catch {
    return false
  }
}
