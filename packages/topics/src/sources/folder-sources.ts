import { SubscriberDiscovery } from '@chronicle-ts/bus'
import { NAMES_RESCAN_MS } from '../defaults.js'
import { PostponedSources } from './postponed-sources.js'
import { signalWithin } from './signal-within.js'
import { changeOf } from './single-source.js'
import type { DetachedSource, SourceChange, SourceOptions, TopicSources } from './topic-sources.js'

/** Where the queues of a topic of many are. */
export interface SourceFolder {
  /** Names that there are now. @throws when they cannot be listed */
  names(): string[]
  directoryOf(name: string): string
}

/**
 * Every feed, or the answers of every strategy: queues without an announcement, which are attached where they are found. Names are listed twice a second; each name has a
 * discovery of its own, which opens the queue as soon as it is there, and again when it was replaced.
 */
export class FolderSources implements TopicSources {
  readonly isSingle = false
  readonly #folder: SourceFolder
  readonly #options: SourceOptions
  readonly #discoveries = new Map<string, SubscriberDiscovery>()
  readonly #postponed = new PostponedSources()
  #listDueMs = 0

  constructor(folder: SourceFolder, options: SourceOptions) {
    this.#folder = folder
    this.#options = options
  }

  poll(): SourceChange[] {
    for (const { key } of this.#postponed.due()) this.#reconnect(key)
    const problems = this.#listIfDue()
    return [
      ...problems,
      ...[...this.#discoveries].flatMap(([key, discovery]) => discovery.poll().flatMap((e) => changeOf(key, e))),
    ]
  }

  async nextChanges(signal: AbortSignal): Promise<SourceChange[]> {
    const found: SourceChange[] = this.#listIfDue()
    const untilDueMs = Math.min(this.#postponed.msUntilDue, Math.max(0, this.#listDueMs - performance.now()))
    using within = signalWithin(signal, found.length > 0 ? 0 : untilDueMs)
    const ending = new AbortController()
    within.signal.addEventListener('abort', () => ending.abort(), { once: true })
    if (within.signal.aborted) ending.abort()
    const takeFirst = async (key: string, discovery: SubscriberDiscovery): Promise<void> => {
      for await (const event of discovery.events({ signal: ending.signal })) {
        found.push(...changeOf(key, event))
        ending.abort()
      }
    }
    const turns = [...this.#discoveries].map(([key, discovery]) => takeFirst(key, discovery))
    if (turns.length === 0 && !ending.signal.aborted)
      await new Promise((resolve) => ending.signal.addEventListener('abort', resolve, { once: true }))
    await Promise.all(turns)
    return found
  }

  release(): void {
    // The discovery closes it.
  }

  reopen(key: string): SourceChange[] {
    this.#reconnect(key)
    return []
  }

  postpone(source: DetachedSource): void {
    this.#postponed.add(source)
  }

  close(): void {
    for (const discovery of this.#discoveries.values()) discovery.close()
  }

  /** The discovery gives its reader up, reports that it is gone, and opens the queue again. */
  #reconnect(key: string): void {
    this.#postponed.delete(key)
    this.#discoveries.get(key)?.reconnect()
  }

  #listIfDue(): SourceChange[] {
    const nowMs = performance.now()
    if (nowMs < this.#listDueMs) return []
    this.#listDueMs = nowMs + NAMES_RESCAN_MS
    try {
      this.#compare(new Set(this.#folder.names()))
      return []
    } catch (error) {
      return [{ kind: 'problem', key: '', error: error as Error }]
    }
  }

  /** A name that is gone keeps its discovery while its reader is open: what it has mapped can still be read. */
  #compare(names: ReadonlySet<string>): void {
    const { name, reader } = this.#options
    for (const [key, discovery] of this.#discoveries) {
      if (names.has(key) || discovery.reader !== undefined) continue
      discovery.close()
      this.#discoveries.delete(key)
      this.#postponed.delete(key)
    }
    for (const key of names) {
      if (this.#discoveries.has(key)) continue
      this.#discoveries.set(key, new SubscriberDiscovery(this.#folder.directoryOf(key), name, { reader }))
    }
  }
}
