import { InvalidArgumentError, isQueueError, type Message, type QueueReader } from '@chronicle-ts/core'
import { FanInReader, isPassingError, type SourceFailure } from '@chronicle-ts/fanin'
import { checkTypesAgainstRegistry, commitBefore } from '@chronicle-ts/typed'
import { LOOKS_PER_POLL } from './defaults.js'
import { forEach } from './for-each.js'
import { type FailedSource, SourceFailures } from './source-failures.js'
import type { SourceChange, TopicSources } from './sources/topic-sources.js'
import type { ResolvedSubscribeOptions } from './subscribe-options.js'
import type { TopicOrigin } from './topic-message.js'

/** A message, and what the merge says of it. */
export interface Delivery extends TopicOrigin {
  readonly message: Message
}

/**
 * The queues of a subscription, merged: attached when they come, detached when they are gone, set aside when they cannot be read.
 *
 * Invariant: what a callback of the program throws reaches the caller, and leaves no step undone: every queue that was opened is attached, or postponed, or closed.
 */
export class AttachedQueues {
  readonly #options: ResolvedSubscribeOptions
  readonly #sources: TopicSources
  readonly #detaching: (key: string) => void
  readonly #fanIn: FanInReader<QueueReader>
  readonly #readers = new Map<string, QueueReader>()
  /** Sources that are detached when they are read to the end and their messages are committed. */
  readonly #leaving = new Set<string>()
  /** Sources that have delivered since the last commit. */
  readonly #uncommitted = new Set<string>()
  /** The last one that was noted there: most messages are from the same source as the one before. */
  #notedKey: string | undefined
  readonly #failures: SourceFailures
  /** What ends every read until the queue is replaced: the only source cannot be read. */
  #fatal: Error | undefined
  #looks = 0

  /** @param detaching called before the reader of a queue is closed: messages of it become invalid */
  constructor(options: ResolvedSubscribeOptions, sources: TopicSources, detaching: (key: string) => void) {
    this.#options = options
    this.#sources = sources
    this.#detaching = detaching
    this.#failures = new SourceFailures(options.onProblem)
    this.#fanIn = new FanInReader<QueueReader>({
      ...options.fanIn,
      onSourceError: (failure) => this.#sourceFailed(failure),
    })
    try {
      this.#follow(sources.poll())
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Whether the topic is of one queue. */
  get isSingle(): boolean {
    return this.#sources.isSingle
  }

  get keys(): string[] {
    return this.#fanIn.keys
  }

  /** Sorted by key. */
  get failures(): FailedSource[] {
    // The fan-in has read again what it tried again.
    if (!this.closed) for (const key of this.#fanIn.keys) if (!this.#hasFailed(key)) this.#failures.attached(key)
    return this.#failures.list()
  }

  get closed(): boolean {
    return this.#fanIn.closed
  }

  /** The next message of all queues; `undefined` also when a callback closed them. Queues that come are attached also while the others have always something. */
  next(): Delivery | undefined {
    if (++this.#looks % LOOKS_PER_POLL === 0) this.#follow(this.#sources.poll())
    const delivery = this.#nextMerged()
    if (delivery !== undefined || this.closed) return delivery
    this.#follow(this.#sources.poll())
    this.#detachLeft()
    return this.#nextMerged()
  }

  #nextMerged(): Delivery | undefined {
    return this.closed ? undefined : this.#fanIn.next()
  }

  /** @throws when the only queue cannot be read, until it is replaced */
  assertReadable(): void {
    if (this.#fatal !== undefined) throw this.#fatal
  }

  /** A message of this queue was delivered: the queue stays until that is committed. */
  noteDelivered(key: string): void {
    if (key === this.#notedKey) return
    this.#notedKey = key
    this.#uncommitted.add(key)
  }

  /** Saves the positions; that of the queue of `pending` before this message. Returns the queues whose positions could not be saved. */
  commit(options: { readonly durable?: boolean }, pending: Delivery | undefined): readonly FailedSource[] {
    this.#failures.committed()
    this.#uncommitted.clear()
    this.#notedKey = undefined
    const failures = this.#commitSources(options, pending)
    for (const { key } of failures) this.#uncommitted.add(key)
    return failures.map(({ key, error }) => ({ key, error: error as Error }))
  }

  /** Nothing of it is saved: what was delivered since the last commit is delivered again when it is attached again. */
  setAside(key: string, error: Error): void {
    const isLeaving = this.#leaving.has(key)
    try {
      this.#detach(key)
    } finally {
      this.#sources.postpone({ key, error, isLeaving })
      this.#failures.add(key, error)
    }
  }

  /** What is at the path now is another queue: nothing was reported of it. */
  openSuccessor(key: string): void {
    this.#failures.forget(key)
    this.#openAgain(key)
  }

  /** Something went wrong with a queue, which stays attached. */
  report(key: string, error: Error): void {
    this.#failures.report(key, error)
  }

  /** @throws {@link InvalidArgumentError} for a topic of one queue, and for a key that is not attached */
  attachedOfMany(key: string): QueueReader {
    const reader = this.isSingle ? undefined : this.#readers.get(key)
    if (reader !== undefined) return reader
    throw new InvalidArgumentError({ argument: 'key', value: key, expected: 'an attached queue of a topic of many' })
  }

  /** Ends when a message may be there, or a queue came or went, or the interruption is aborted. Returns whether a message or a change ended it. */
  async wait(interruption: AbortController): Promise<boolean> {
    const { signal } = interruption
    const changes = this.#sources.nextChanges(signal)
    let hasChanged = true
    try {
      await Promise.race([this.#fanIn.waitAsync({ signal }), changes])
      hasChanged = !signal.aborted
    } catch (error) {
      if (!signal.aborted && !this.closed) throw error
      hasChanged = false
    } finally {
      interruption.abort()
    }
    const found = await changes
    this.#follow(found)
    return hasChanged || found.length > 0
  }

  /** Closes all readers. Commits nothing. */
  close(): void {
    this.#fanIn.close()
    const readers = [...this.#readers]
    this.#readers.clear()
    try {
      forEach(readers, ([key, reader]) => this.#sources.release(key, reader))
    } finally {
      this.#sources.close()
    }
  }

  #commitSources(options: { readonly durable?: boolean }, pending: Delivery | undefined): readonly SourceFailure[] {
    if (pending === undefined) return this.#fanIn.commit(options)
    const others = this.#fanIn.keys.filter((key) => key !== pending.key)
    const failures = others.flatMap((key) => [...this.#fanIn.commit({ ...options, key })])
    const reader = this.#readers.get(pending.key)
    if (reader !== undefined) commitBefore(reader, pending.message, options)
    return failures
  }

  #follow(changes: readonly SourceChange[]): void {
    forEach(changes, (change) => this.#followOne(change))
  }

  #followOne(change: SourceChange): void {
    const { kind, key } = change
    if (this.closed) {
      // A callback closed the subscription, or the program did while it waited.
      if (kind === 'opened') this.#sources.release(key, change.reader)
    } else if (kind === 'opened') this.#attach(key, change.reader, change.isLeaving)
    else if (kind === 'restarted') this.#restarted(key)
    else if (kind === 'leaving') this.#leaving.add(key)
    else if (kind === 'problem') this.#failures.add(key, change.error)
    else {
      this.#failures.forget(key)
      this.#detach(key)
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
      if (this.isSingle) this.#fatal = error as Error
      else this.setAside(key, error as Error)
    }
  }

  /** A publisher that opens its queue repairs what can be repaired. */
  #restarted(key: string): void {
    this.#leaving.delete(key)
    if (this.#hasFailed(key)) this.#openAgain(key)
  }

  #openAgain(key: string): void {
    try {
      this.#detach(key)
    } finally {
      this.#follow(this.#sources.reopen(key))
    }
  }

  /** The fan-in tries again what may pass. */
  #sourceFailed({ key, operation, error }: SourceFailure): void {
    if (operation === 'commit') this.#failures.report(key, error as Error)
    // It has delivered everything that was left of its own queue.
    else if (isQueueError(error, 'ERR_QUEUE_REPLACED')) {
      try {
        if (error.unread !== undefined) this.#failures.report(key, error)
      } finally {
        this.openSuccessor(key)
      }
    } else {
      if (this.isSingle && !isPassingError(error)) this.#fatal = error as Error
      this.#failures.add(key, error as Error)
    }
  }

  #hasFailed(key: string): boolean {
    return this.#fanIn.failures.some((failure) => failure.key === key)
  }

  #detach(key: string): void {
    const reader = this.#readers.get(key)
    if (this.#fanIn.has(key)) this.#fanIn.remove(key)
    this.#leaving.delete(key)
    this.#uncommitted.delete(key)
    if (this.#notedKey === key) this.#notedKey = undefined
    this.#readers.delete(key)
    if (reader === undefined) return
    this.#detaching(key)
    this.#sources.release(key, reader)
    this.#options.onDetached?.(key)
  }

  /** A source that leaves stays until it is read to the end and what it delivered is committed: a program that was killed before gets it again. */
  #detachLeft(): void {
    for (const key of this.#leaving) {
      if (this.closed) return
      const reader = this.#readers.get(key)
      // The only queue holds another definition of a type.
      if (reader === undefined || !this.#fanIn.has(key)) this.#detach(key)
      else if (this.#hasFailed(key)) this.#detachFailed(key)
      else if (!this.#uncommitted.has(key) && isReadToTheEnd(reader)) {
        // What was skipped.
        this.#fanIn.commit({ key })
        this.#failures.forget(key)
        this.#detach(key)
      }
    }
  }

  /** Its publisher went, and the rest cannot be read. */
  #detachFailed(key: string): void {
    const failure = this.#fanIn.failures.find((one) => one.key === key)
    if (failure !== undefined && !isPassingError(failure.error)) this.setAside(key, failure.error as Error)
  }
}

function isReadToTheEnd(reader: QueueReader): boolean {
  try {
    return reader.peek() === undefined
  } catch {
    return false
  }
}
