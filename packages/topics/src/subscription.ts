import { ClosedError, type Message, type QueueReader } from '@chronicle-ts/core'
import { checkFlag, checkOptions, checkSignal } from '@chronicle-ts/core/internal'
import { FanInReader } from '@chronicle-ts/fanin'
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
import { SKIPPED_PER_TURN } from './defaults.js'
import { type FailedSource, SourceFailures } from './source-failures.js'
import type { ResolvedSubscribeOptions } from './subscribe-options.js'
import { newTopicEntry, type TopicEntry, type TopicMessage, type TopicOrigin } from './topic-message.js'
import type { SourceChange, TopicSources } from './topic-sources.js'

/** A message, and what the merge says of it. */
interface Delivery extends TopicOrigin {
  readonly message: Message
}

/**
 * Reads the messages of a topic: of its one queue, which may not exist yet, or of every strategy's, merged. Queues are attached and detached while it runs.
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
  /** Sources that are detached when they are read to the end. */
  readonly #leaving = new Set<string>()
  readonly #failures: SourceFailures
  #pending: Delivery | undefined
  /** What ends every read: the only source cannot be read. */
  #fatal: Error | undefined
  #interruptWait: (() => void) | undefined
  #isDelivered = false

  /** Use `subscribe` of a bus. */
  constructor(options: ResolvedSubscribeOptions, sources: TopicSources) {
    const { types, selection, fanIn, onProblem } = options
    this.#options = options
    this.#sources = sources
    this.#failures = new SourceFailures(onProblem)
    this.#selector = new MessageSelector(types, selection, newTopicEntry)
    this.#fanIn = new FanInReader<QueueReader>({
      ...fanIn,
      onSourceError: ({ key, error }) => this.#failures.add(key, error as Error),
    })
    this.#follow(sources.poll())
  }

  /**
   * Returns the next message, or `undefined` when none can be delivered now. Never blocks. Looks for queues that came or went when it has nothing.
   *
   * @throws `ERR_SCHEMA_INCOMPATIBLE` when the topic's one queue holds another definition; `ERR_BAD_MESSAGE` of a topic of one queue, and what `where` throws: the
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
    checkOptions(options, { durable: true })
    checkFlag('durable', options.durable)
    const pending = this.#pending
    if (pending === undefined) return this.#fanIn.commit(options).map(({ key, error }) => ({ key, error: error as Error }))
    const others = this.#fanIn.keys.filter((key) => key !== pending.key)
    const failures = others.flatMap((key) => [...this.#fanIn.commit({ ...options, key })])
    const reader = this.#readers.get(pending.key)
    if (reader !== undefined) commitBefore(reader, pending.message, options)
    return failures.map(({ key, error }) => ({ key, error: error as Error }))
  }

  /** Keys of the queues that are attached, sorted. */
  get keys(): string[] {
    return this.#fanIn.keys
  }

  /** Queues that are set aside, with the error of each: another definition of a type, a damaged message, or what the reader threw. Sorted by key. */
  get failures(): FailedSource[] {
    return this.#failures.list()
  }

  /** Counts of messages that were passed over so far. */
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
    this.#commitDelivered()
    for (let looked = 0; looked < limit; looked++) {
      if (this.#fatal !== undefined) throw this.#fatal
      const delivery = this.#pending ?? this.#nextDelivery()
      if (delivery === undefined) return undefined
      const entry = this.#select(delivery)
      if (entry === undefined) continue
      this.#isDelivered = true
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

  #nextDelivery(): Delivery | undefined {
    const delivery = this.#fanIn.next()
    if (delivery !== undefined) return delivery
    this.#follow(this.#sources.poll())
    this.#detachLeft()
    return this.#fatal === undefined ? this.#fanIn.next() : undefined
  }

  #select(delivery: Delivery): TopicEntry | undefined {
    const { key, late, ahead, message } = delivery
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
      if (change.kind === 'opened') this.#attach(change.key, change.reader, change.isLeaving)
      else if (change.kind === 'leaving') this.#leaving.add(change.key)
      else if (change.kind === 'gone') this.#detach(change.key)
      else this.#failures.add(change.key, change.error)
    }
  }

  #attach(key: string, reader: QueueReader, isLeaving: boolean): void {
    this.#readers.set(key, reader)
    try {
      checkTypesAgainstRegistry(reader.directory, this.#options.types)
      this.#fanIn.add(key, reader)
      this.#failures.remove(key)
      if (isLeaving) this.#leaving.add(key)
      else this.#leaving.delete(key)
    } catch (error) {
      if (this.#sources.isSingle) this.#fatal = error as Error
      else this.#setAside(key, error as Error)
    }
  }

  /** Nothing of it is saved: what was delivered since the last commit is delivered again when it is attached again. */
  #setAside(key: string, error: Error): void {
    this.#detach(key)
    this.#failures.add(key, error)
  }

  #detach(key: string): void {
    const reader = this.#readers.get(key)
    if (this.#pending?.key === key) this.#pending = undefined
    if (this.#fanIn.has(key)) this.#fanIn.remove(key)
    this.#leaving.delete(key)
    this.#readers.delete(key)
    if (reader !== undefined) this.#sources.release(key, reader)
  }

  /** A source that leaves stays until it is read to the end and what it delivered is saved, if it ever is. */
  #detachLeft(): void {
    for (const key of this.#leaving) {
      const reader = this.#readers.get(key)
      if (reader === undefined || !this.#fanIn.has(key)) this.#leaving.delete(key)
      else if (isReadToTheEnd(reader)) {
        this.#fanIn.commit({ key })
        this.#detach(key)
      }
    }
  }

  /** Ends when a message may be there, or a queue came or went. */
  async #wait(signal: AbortSignal): Promise<void> {
    const interruption = new AbortController()
    const interrupt = (): void => interruption.abort()
    this.#interruptWait = interrupt
    signal.addEventListener('abort', interrupt, { once: true })
    const changes = this.#sources.nextChanges(interruption.signal)
    try {
      await Promise.race([this.#fanIn.waitAsync({ signal: interruption.signal }), changes])
    } catch (error) {
      if (!interruption.signal.aborted && !this.closed) throw error
    } finally {
      this.#interruptWait = undefined
      signal.removeEventListener('abort', interrupt)
      interruption.abort()
    }
    const found = await changes
    if (!this.closed) this.#follow(found)
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
