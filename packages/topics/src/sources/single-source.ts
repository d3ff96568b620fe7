import { SubscriberDiscovery, type SubscriberEvent } from '@chronicle-ts/bus'
import type { TopicPlace } from '../topic-place.js'
import type { SourceChange, SourceOptions, TopicSources } from './topic-sources.js'

/** One queue. Its reader belongs to the discovery, which opens it again when the queue was replaced. */
export class SingleSource implements TopicSources {
  readonly isSingle = true
  readonly #key: string
  readonly #discovery: SubscriberDiscovery

  constructor({ key, directory }: TopicPlace, { name, reader }: SourceOptions) {
    this.#key = key
    this.#discovery = new SubscriberDiscovery(directory, name, { reader })
  }

  poll(): SourceChange[] {
    return this.#discovery.poll().flatMap((event) => changeOf(this.#key, event))
  }

  async nextChanges(signal: AbortSignal): Promise<SourceChange[]> {
    for await (const event of this.#discovery.events({ signal })) return changeOf(this.#key, event)
    return []
  }

  release(): void {
    // The discovery closes it.
  }

  reopen(): SourceChange[] {
    return []
  }

  postpone(): void {
    // An error of the only queue is thrown by every read until the queue is replaced.
  }

  close(): void {
    this.#discovery.close()
  }
}

/** What an event of one queue's discovery says to a subscription. */
export function changeOf(key: string, event: SubscriberEvent): SourceChange[] {
  if (event.kind === 'connected') return [{ kind: 'opened', key, reader: event.reader, isLeaving: false }]
  // A reader that was given up is no longer attached.
  if (event.kind === 'disconnected') return event.reason === 'given-up' ? [] : [{ kind: 'gone', key }]
  return event.error === undefined ? [] : [{ kind: 'problem', key, error: event.error }]
}
