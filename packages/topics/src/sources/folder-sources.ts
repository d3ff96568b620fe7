import { NAMES_RESCAN_MS } from '../defaults.js'
import { FollowedQueue } from './followed-queue.js'
import { PostponedSources } from './postponed-sources.js'
import { signalWithin } from './signal-within.js'
import type { DetachedSource, SourceChange, SourceOptions, TopicSources } from './topic-sources.js'

/** Where the queues of a topic of many are. */
export interface SourceFolder {
  /** Names that there are now. @throws when they cannot be listed */
  names(): string[]
  directoryOf(name: string): string
}

/**
 * Every feed, or the answers of every strategy: queues without an announcement, which are attached where they are found. Names are listed twice a second; each name has a
 * queue of its own that is followed: opened as soon as it is there, and again when it was replaced.
 */
export class FolderSources implements TopicSources {
  readonly isSingle = false
  readonly #folder: SourceFolder
  readonly #options: SourceOptions
  readonly #queues = new Map<string, FollowedQueue>()
  readonly #postponed = new PostponedSources()
  #listDueMs = 0

  constructor(folder: SourceFolder, options: SourceOptions) {
    this.#folder = folder
    this.#options = options
  }

  poll(): SourceChange[] {
    for (const { key } of this.#postponed.due()) this.#reconnect(key)
    const problems = this.#listIfDue()
    return [...problems, ...[...this.#queues.values()].flatMap((queue) => this.#note(queue.poll()))]
  }

  async nextChanges(signal: AbortSignal): Promise<SourceChange[]> {
    const found: SourceChange[] = this.#listIfDue()
    const untilDueMs = Math.min(this.#postponed.msUntilDue, Math.max(0, this.#listDueMs - performance.now()))
    using within = signalWithin(signal, found.length > 0 ? 0 : untilDueMs)
    const ending = new AbortController()
    within.signal.addEventListener('abort', () => ending.abort(), { once: true })
    if (within.signal.aborted) ending.abort()
    const takeFirst = async (queue: FollowedQueue): Promise<void> => {
      found.push(...this.#note(await queue.nextChanges(ending.signal)))
      ending.abort()
    }
    const turns = [...this.#queues.values()].map(takeFirst)
    if (turns.length === 0 && !ending.signal.aborted)
      await new Promise((resolve) => ending.signal.addEventListener('abort', resolve, { once: true }))
    await Promise.all(turns)
    return found
  }

  release(key: string): void {
    this.#queues.get(key)?.release()
  }

  reopen(key: string): SourceChange[] {
    this.#reconnect(key)
    return []
  }

  postpone(source: DetachedSource): void {
    this.#postponed.add(source)
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close()
  }

  /** A queue that is open again, or gone, is not opened later. */
  #note(changes: readonly SourceChange[]): readonly SourceChange[] {
    for (const { kind, key } of changes) if (kind === 'opened' || kind === 'gone') this.#postponed.delete(key)
    return changes
  }

  #reconnect(key: string): void {
    this.#postponed.delete(key)
    this.#queues.get(key)?.reconnect()
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

  /** A name that is gone is followed while its reader is open. */
  #compare(names: ReadonlySet<string>): void {
    for (const [key, queue] of this.#queues) {
      if (names.has(key) || queue.isOpen) continue
      queue.close()
      this.#queues.delete(key)
      this.#postponed.delete(key)
    }
    for (const key of names) {
      if (this.#queues.has(key)) continue
      this.#queues.set(key, new FollowedQueue({ key, directory: this.#folder.directoryOf(key) }, this.#options))
    }
  }
}
