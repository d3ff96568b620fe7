import {
  type BusLayout,
  type DiscoveryEvent,
  RouterDiscovery,
  SubscriberDiscovery,
  type SubscriberEvent,
} from '@chronicle-ts/bus'
import { openReader, type QueueReader, type ReaderOptions } from '@chronicle-ts/core'
import { EVERY, type Topic } from './topic.js'
import { placeOf } from './topic-place.js'

/** What a subscription has to do because its topic's queues came or went. */
export type SourceChange =
  | { readonly kind: 'opened'; readonly key: string; readonly reader: QueueReader; readonly isLeaving: boolean }
  | { readonly kind: 'leaving'; readonly key: string }
  | { readonly kind: 'gone'; readonly key: string }
  | { readonly kind: 'problem'; readonly key: string; readonly error: Error }

/** Finds the queues of a topic and opens their readers. */
export interface TopicSources {
  /** Whether an error of one source is the subscription's own, because there is no other. */
  readonly isSingle: boolean
  /** The changes since the last call. Cheap when there are none. */
  poll(): SourceChange[]
  /** The next changes when they come; none when the signal aborts. */
  nextChanges(signal: AbortSignal): Promise<SourceChange[]>
  /** Gives a reader back that is not read any more. */
  release(key: string, reader: QueueReader): void
  close(): void
}

export interface SourceOptions {
  /** Name under which the queues are read. */
  readonly name: string
  readonly key: string | undefined
  readonly reader: ReaderOptions
}

/** The sources of a topic: one queue that may come, go and be replaced, or the queues of all strategies. */
export function openSources(layout: BusLayout, topic: Topic, options: SourceOptions): TopicSources {
  if (topic.kind === 'orders-out' && topic.place === EVERY && options.key === undefined)
    return new StrategySources(layout, options)
  const { key, directory } = placeOf(layout, topic, options.key)
  return new SingleSource(key, new SubscriberDiscovery(directory, options.name, { reader: options.reader }))
}

/** One queue. Its reader belongs to the discovery, which opens it again when the queue was replaced. */
class SingleSource implements TopicSources {
  readonly isSingle = true
  readonly #key: string
  readonly #discovery: SubscriberDiscovery

  constructor(key: string, discovery: SubscriberDiscovery) {
    this.#key = key
    this.#discovery = discovery
  }

  poll(): SourceChange[] {
    return this.#discovery.poll().flatMap((event) => this.#changeOf(event))
  }

  async nextChanges(signal: AbortSignal): Promise<SourceChange[]> {
    for await (const event of this.#discovery.events({ signal })) return this.#changeOf(event)
    return []
  }

  release(): void {
    // The discovery closes it.
  }

  close(): void {
    this.#discovery.close()
  }

  #changeOf(event: SubscriberEvent): SourceChange[] {
    const key = this.#key
    if (event.kind === 'connected') return [{ kind: 'opened', key, reader: event.reader, isLeaving: false }]
    if (event.kind === 'disconnected') return [{ kind: 'gone', key }]
    return event.error === undefined ? [] : [{ kind: 'problem', key, error: event.error }]
  }
}

/** The orders of every strategy that is announced, or has left messages unread. */
class StrategySources implements TopicSources {
  readonly isSingle = false
  readonly #discovery: RouterDiscovery
  readonly #options: SourceOptions
  /** Strategies whose reader is open. */
  readonly #open = new Set<string>()
  readonly #problems: SourceChange[] = []

  constructor(layout: BusLayout, options: SourceOptions) {
    this.#options = options
    this.#discovery = new RouterDiscovery(layout, {
      readerName: options.name,
      onProblem: ({ strategy = '', error }) => this.#problems.push({ kind: 'problem', key: strategy, error }),
    })
  }

  poll(): SourceChange[] {
    const changes = this.#discovery.poll().flatMap((event) => this.#changeOf(event))
    return [...this.#problems.splice(0), ...changes]
  }

  async nextChanges(signal: AbortSignal): Promise<SourceChange[]> {
    for await (const event of this.#discovery.events({ signal })) return [...this.#problems.splice(0), ...this.#changeOf(event)]
    return []
  }

  release(key: string, reader: QueueReader): void {
    this.#open.delete(key)
    reader.close()
  }

  close(): void {
    this.#discovery.close()
  }

  #changeOf({ kind, strategy: key }: DiscoveryEvent): SourceChange[] {
    if (kind === 'removed') return this.#open.has(key) ? [{ kind: 'leaving', key }] : []
    if (this.#open.has(key)) return []
    try {
      const reader = openReader(this.#discovery.layout.strategy(key).ordersOut, this.#options.name, this.#options.reader)
      this.#open.add(key)
      return [{ kind: 'opened', key, reader, isLeaving: kind === 'left' }]
    } catch (error) {
      return [{ kind: 'problem', key, error: error as Error }]
    }
  }
}
