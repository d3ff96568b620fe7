import { type BusLayout, type DiscoveryEvent, RouterDiscovery } from '@chronicle-ts/bus'
import { isQueueError, openReader, type QueueReader, type ReaderOptions } from '@chronicle-ts/core'
import { PostponedSources } from './postponed-sources.js'
import { signalWithin } from './signal-within.js'
import type { DetachedSource, SourceChange, SourceOptions, TopicSources } from './topic-sources.js'

/** The orders of every strategy that is announced, or has left messages unread. */
export class StrategySources implements TopicSources {
  readonly isSingle = false
  readonly #discovery: RouterDiscovery
  readonly #options: SourceOptions
  /** Strategies whose reader is open. */
  readonly #open = new Set<string>()
  /** Strategies whose reader was open before: it has positions of its own now. */
  readonly #known = new Set<string>()
  readonly #postponed = new PostponedSources()
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
    const due = this.#postponed.due().flatMap(({ key, isLeaving }) => this.#openQueue(key, isLeaving))
    return [...this.#problems.splice(0), ...changes, ...due]
  }

  async nextChanges(signal: AbortSignal): Promise<SourceChange[]> {
    using within = signalWithin(signal, this.#postponed.msUntilDue)
    for await (const event of this.#discovery.events({ signal: within.signal }))
      return [...this.#problems.splice(0), ...this.#changeOf(event)]
    return signal.aborted || this.#discovery.closed ? [] : this.poll()
  }

  release(key: string, reader: QueueReader): void {
    this.#open.delete(key)
    reader.close()
  }

  reopen(key: string): SourceChange[] {
    return this.#openQueue(key, false, true)
  }

  postpone(source: DetachedSource): void {
    this.#postponed.add(source)
  }

  close(): void {
    this.#discovery.close()
  }

  #changeOf({ kind, strategy: key }: DiscoveryEvent): SourceChange[] {
    if (this.#open.has(key)) {
      if (kind === 'left') return []
      return [{ kind: kind === 'removed' ? 'leaving' : 'restarted', key }]
    }
    if (kind !== 'removed') return this.#openQueue(key, kind === 'left')
    this.#postponed.change(key, true)
    return []
  }

  /** @param mayBeGone a queue that is not there has nothing to read */
  #openQueue(key: string, isLeaving: boolean, mayBeGone = isLeaving): SourceChange[] {
    try {
      const reader = openReader(this.#discovery.layout.strategy(key).ordersOut, this.#options.name, this.#readerOptions(key))
      this.#open.add(key)
      this.#known.add(key)
      this.#postponed.delete(key)
      return [{ kind: 'opened', key, reader, isLeaving }]
    } catch (cause) {
      const error = cause as Error
      if (mayBeGone && isQueueError(error, 'ERR_NOT_FOUND')) {
        const wasPostponed = this.#postponed.delete(key)
        // Messages that were to be read later may have gone with it.
        return wasPostponed
          ? [
              { kind: 'problem', key, error },
              { kind: 'gone', key },
            ]
          : [{ kind: 'gone', key }]
      }
      this.#postponed.add({ key, error, isLeaving })
      return [{ kind: 'problem', key, error }]
    }
  }

  /** A position that this subscription has saved is not forgotten when it opens the queue again. */
  #readerOptions(key: string): ReaderOptions {
    const { reset, ...options } = this.#options.reader
    return reset === undefined || this.#known.has(key) ? options : { ...options, reset }
  }
}
