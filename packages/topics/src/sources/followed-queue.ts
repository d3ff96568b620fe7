import { SubscriberDiscovery, type SubscriberEvent } from '@chronicle-ts/bus'
import type { TopicPlace } from '../topic-place.js'
import type { SourceChange, SourceOptions } from './topic-sources.js'

/**
 * One queue, which may come, go and be replaced. The reader of a queue that went stays open until it is released, so that the subscription can read it to its end. Only then is the discovery asked
 * for the next event, because that closes the reader.
 */
export class FollowedQueue {
  readonly #key: string
  readonly #discovery: SubscriberDiscovery
  /** The subscription has the reader. */
  #isRead = false
  /** While the reader of a queue that went is read to its end. Aborted at its release. */
  #leaving: AbortController | undefined

  constructor({ key, directory }: TopicPlace, { name, reader }: SourceOptions) {
    this.#key = key
    this.#discovery = new SubscriberDiscovery(directory, name, { reader })
  }

  /** Whether a reader is open: what it has mapped can be read, also when the queue is not at its path any more. */
  get isOpen(): boolean {
    return this.#leaving !== undefined || this.#discovery.reader !== undefined
  }

  poll(): SourceChange[] {
    if (this.#leaving !== undefined) return []
    return this.#discovery.poll().flatMap((event) => this.#changesOf(event))
  }

  /** The next changes when they come; none when the signal aborts. */
  async nextChanges(signal: AbortSignal): Promise<SourceChange[]> {
    const { signal: released } = this.#leaving ?? {}
    if (released !== undefined) await firstAbort(released, signal)
    for await (const event of this.#discovery.events({ signal })) {
      const changes = this.#changesOf(event)
      if (changes.length > 0) return changes
    }
    return []
  }

  /** The subscription does not read the reader any more. */
  release(): void {
    this.#isRead = false
    this.#leaving?.abort()
    this.#leaving = undefined
  }

  /** Gives the reader up, and opens the queue again. */
  reconnect(): void {
    this.#discovery.reconnect()
  }

  close(): void {
    this.#discovery.close()
  }

  #changesOf(event: SubscriberEvent): SourceChange[] {
    const key = this.#key
    switch (event.kind) {
      case 'connected':
        this.#isRead = true
        return [{ kind: 'opened', key, reader: event.reader, isLeaving: false }]
      case 'waiting':
        return event.error === undefined ? [] : [{ kind: 'problem', key, error: event.error }]
      case 'disconnected':
        // A reader that was given up is no longer attached.
        if (event.reason === 'given-up') return []
        if (event.reason === 'reader-closed' || !this.#isRead) return [{ kind: 'gone', key }]
        this.#leaving = new AbortController()
        return [{ kind: 'leaving', key }]
    }
  }
}

async function firstAbort(one: AbortSignal, other: AbortSignal): Promise<void> {
  const either = AbortSignal.any([one, other])
  if (!either.aborted) await new Promise((resolve) => either.addEventListener('abort', resolve, { once: true }))
}
