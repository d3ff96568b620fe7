import { type BusLayout, openFeedWriter, openStrategyEndpoints } from '@chronicle-ts/bus'
import { openWriter, type QueueWriter, type WriterOptions } from '@chronicle-ts/core'
import { checkOptions, FLAG, GROUP } from '@chronicle-ts/core/internal'
import type { AnyMessageType } from '@chronicle-ts/schema'
import { TypedWriter } from '@chronicle-ts/typed'
import type { Topic } from './topic.js'
import { placeOf, type TopicPlace } from './topic-place.js'

export interface PublisherOptions {
  /** Name of the strategy, for topics of every strategy. */
  readonly key?: string
  /** How the queue is opened; as for `openWriter`. */
  readonly writer?: WriterOptions
  /** Orders of a strategy: whether it is announced to routers. Default true; `announce()` does it later. */
  readonly announce?: boolean
}

/** Writes the messages of a topic. A publisher of a strategy's orders announces it, and takes that back at close. */
export class TopicPublisher<const Types extends readonly AnyMessageType[]> extends TypedWriter<Types> {
  readonly topic: string
  /** Name of the feed or strategy, or the path of the queue. */
  readonly key: string
  readonly #announce: () => void
  readonly #close: () => void

  /** @internal Use `publisher` of a bus. */
  static ofTopic<const Types extends readonly AnyMessageType[]>(
    topic: { readonly name: string; readonly types: Types },
    opened: OpenedPublisher,
  ): TopicPublisher<Types> {
    return new TopicPublisher(topic, opened)
  }

  private constructor(topic: { readonly name: string; readonly types: Types }, opened: OpenedPublisher) {
    super(opened.queue, topic.types, { extensions: opened.extensions })
    this.topic = topic.name
    this.key = opened.place.key
    this.#announce = opened.announce
    this.#close = opened.close
  }

  /** Announces to routers that the strategy is there, where `announce: false` left that for later. Without effect on topics that are not announced. */
  announce(): void {
    this.#announce()
  }

  override close(): void {
    this.#close()
  }
}

interface OpenedPublisher {
  readonly queue: QueueWriter
  readonly place: TopicPlace
  readonly extensions: boolean
  readonly announce: () => void
  readonly close: () => void
}

/** Opens the queue of a topic for writing. @throws as `openTypedWriter`; nothing stays open then. */
export function openPublisher<const Types extends readonly AnyMessageType[]>(
  layout: BusLayout,
  topic: Topic<Types> & { readonly name: string },
  options: PublisherOptions,
): TopicPublisher<Types> {
  checkOptions(options, { key: true, writer: GROUP, announce: FLAG })
  const place = placeOf(layout, topic, options.key)
  const opened = openQueue(layout, topic, place, options)
  try {
    const publisher = TopicPublisher.ofTopic(topic, { ...opened, place, extensions: options.writer?.extensions !== false })
    if (options.announce !== false) publisher.announce()
    return publisher
  } catch (error) {
    opened.close()
    throw error
  }
}

/** A strategy is announced when its types are registered, so that a router which comes at once can compare them. */
function openQueue(
  layout: BusLayout,
  topic: Topic,
  { key, directory }: TopicPlace,
  { writer }: PublisherOptions,
): { readonly queue: QueueWriter; readonly announce: () => void; readonly close: () => void } {
  if (topic.kind === 'orders-out') {
    const endpoints = openStrategyEndpoints(layout, key, writer === undefined ? {} : { writer })
    return { queue: endpoints.ordersOut, announce: () => endpoints.markReady(), close: () => endpoints.close() }
  }
  const queue = topic.kind === 'feed' ? openFeedWriter(layout, key, writer) : openWriter(directory, writer)
  return { queue, announce: () => undefined, close: () => queue.close() }
}
