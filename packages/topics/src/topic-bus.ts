import { BusLayout } from '@chronicle-ts/bus'
import { ClosedError, type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import type { AnyMessageType } from '@chronicle-ts/schema'
import { forEach } from './for-each.js'
import { openSources } from './sources/open-sources.js'
import { resolveSubscribeOptions, type SubscribeOptions } from './subscribe-options.js'
import { Subscription } from './subscription.js'
import { checkTopics, type Topic, type Topics } from './topic.js'
import { openPublisher, type PublisherOptions, type TopicPublisher } from './topic-publisher.js'

/** A list of types of a topic. */
export type TypesOf<T extends Topic> = readonly T['types'][number][]

/**
 * Opens the topics of a system below a root directory. Touches no file: queues are made by publishers, and found by subscribers.
 *
 * @example
 * ```ts
 * using bus = openBus('/var/lib/trading/bus', topics)
 * using out = bus.publisher('quotes')
 * out.write(Quote, (q) => { q.instrumentId = 5 })
 * for await (const m of bus.subscribe('quotes', { name: 'strategy', types: [Quote], where: (q) => q.bid > 0 })) trade(m.body)
 * ```
 */
export function openBus<const T extends Topics>(root: DirectoryPath, topics: T): TopicBus<T> {
  return TopicBus.of(root, topics)
}

/** The topics of a system. See {@link openBus}. */
export class TopicBus<const T extends Topics> implements Disposable {
  readonly layout: BusLayout
  readonly topics: T
  readonly #open = new Set<{ readonly closed: boolean; close(): void }>()
  #isClosed = false

  /** @internal Use {@link openBus}. */
  static of<const T extends Topics>(root: DirectoryPath, topics: T): TopicBus<T> {
    return new TopicBus(root, topics)
  }

  private constructor(root: DirectoryPath, topics: T) {
    checkTopics(topics)
    this.layout = new BusLayout(root)
    this.topics = topics
  }

  /**
   * Opens a topic for writing. One publisher at a time per queue.
   *
   * @throws `ERR_WRITER_ACTIVE`, `ERR_SCHEMA_INCOMPATIBLE`, `ERR_INVALID_ARGUMENT` for a topic of every strategy or feed without `key`
   */
  publisher<K extends keyof T & string>(topic: K, options: PublisherOptions = {}): TopicPublisher<T[K]['types']> {
    const publisher = openPublisher(this.layout, { ...this.#topic(topic), name: topic }, options)
    return this.#track(publisher) as TopicPublisher<T[K]['types']>
  }

  /**
   * Subscribes to a topic, whose queues need not exist yet. A loop over the subscription closes it at its end; otherwise close it, or the bus.
   *
   * @throws `ERR_INVALID_ARGUMENT`
   */
  subscribe<K extends keyof T & string, const Types extends TypesOf<T[K]> = T[K]['types']>(
    topic: K,
    options: SubscribeOptions<Types>,
  ): Subscription<Types> {
    const found = this.#topic(topic)
    const resolved = resolveSubscribeOptions(found, options as unknown as SubscribeOptions<readonly AnyMessageType[]>)
    const sources = openSources(this.layout, found, { name: resolved.name, key: resolved.source, reader: resolved.reader })
    try {
      return this.#track(Subscription.of<Types>(resolved, sources))
    } catch (error) {
      sources.close()
      throw error
    }
  }

  get closed(): boolean {
    return this.#isClosed
  }

  /** Closes all publishers and subscriptions of this bus. Commits nothing. Idempotent. */
  close(): void {
    this.#isClosed = true
    const open = [...this.#open]
    this.#open.clear()
    forEach(open, (one) => one.close())
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #topic(name: string): Topic {
    if (this.#isClosed) throw new ClosedError({ handle: 'bus', directory: this.layout.root })
    const isNamed = typeof name === 'string' && Object.hasOwn(this.topics, name)
    const topic = isNamed ? this.topics[name] : undefined
    if (topic === undefined)
      throw new InvalidArgumentError({
        argument: 'topic',
        value: name,
        expected: `one of ${Object.keys(this.topics).join(', ')}`,
      })
    return topic
  }

  #track<One extends { readonly closed: boolean; close(): void }>(one: One): One {
    for (const other of this.#open) if (other.closed) this.#open.delete(other)
    this.#open.add(one)
    return one
  }
}
