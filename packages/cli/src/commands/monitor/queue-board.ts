import { findQueues, inspectQueue, type QueueInspection } from '@chronicle-ts/core'

/** How many rates a sparkline shows. */
const HISTORY_LENGTH = 60
const EVENTS_KEPT = 50

/** One queue as the monitor shows it. */
export interface QueueRow {
  readonly directory: string
  readonly inspection: QueueInspection
  /** Messages per second between the last two looks. */
  readonly rate: number
  /** Rates of earlier looks, oldest first. */
  readonly history: readonly number[]
}

/** Something that happened to a queue between two looks. */
export interface BoardEvent {
  readonly atMs: number
  readonly kind: 'added' | 'removed' | 'restarted' | 'stopped'
  readonly directory: string
  readonly detail: string
}

/** What finds and looks at queues; the tests put their own in its place. */
export interface QueueSource {
  find(): readonly string[]
  inspect(directory: string): QueueInspection | undefined
}

/** Looks at every queue below a root, and remembers what changed since the last look. */
export class QueueBoard {
  readonly #rows = new Map<string, QueueRow & { readonly atMs: number }>()
  readonly #events: BoardEvent[] = []
  #isFirstLook = true

  constructor(private readonly source: QueueSource) {}

  get rows(): readonly QueueRow[] {
    return [...this.#rows.values()]
  }

  /** Newest first. */
  get events(): readonly BoardEvent[] {
    return this.#events
  }

  /** Looks again. */
  update(nowMs: number): void {
    const found = new Set(this.source.find())
    for (const directory of this.#rows.keys()) if (!found.has(directory)) this.#remove(directory, nowMs)
    for (const directory of found) this.#look(directory, nowMs)
    this.#isFirstLook = false
  }

  #look(directory: string, nowMs: number): void {
    const inspection = this.source.inspect(directory)
    const before = this.#rows.get(directory)
    if (inspection === undefined) {
      if (before !== undefined) this.#remove(directory, nowMs)
      return
    }
    if (before === undefined) {
      if (!this.#isFirstLook) this.#note({ atMs: nowMs, kind: 'added', directory, detail: '' })
      this.#rows.set(directory, { directory, inspection, rate: 0, history: [], atMs: nowMs })
      return
    }
    this.#noteWriter(before.inspection, inspection, nowMs)
    const rate = rateBetween(before, inspection, nowMs)
    const history = [...before.history, rate].slice(-HISTORY_LENGTH)
    this.#rows.set(directory, { directory, inspection, rate, history, atMs: nowMs })
  }

  #noteWriter(before: QueueInspection, now: QueueInspection, atMs: number): void {
    const { directory } = now
    if (before.writer.epoch !== now.writer.epoch)
      this.#note({ atMs, kind: 'restarted', directory, detail: `epoch ${now.writer.epoch ?? '?'}` })
    else if (before.writer.alive === true && now.writer.alive === false)
      this.#note({ atMs, kind: 'stopped', directory, detail: 'nobody writes any more' })
  }

  #remove(directory: string, atMs: number): void {
    this.#rows.delete(directory)
    this.#note({ atMs, kind: 'removed', directory, detail: '' })
  }

  #note(event: BoardEvent): void {
    this.#events.unshift(event)
    this.#events.length = Math.min(this.#events.length, EVENTS_KEPT)
  }
}

/** The queues below a directory, looked at quickly. */
export function queuesBelow(root: string): QueueSource {
  return {
    find: () => findQueues(root).directories,
    inspect: (directory) => {
      try {
        return inspectQueue(directory, { quick: true, segmentLimit: 2 })
      } catch {
        // It vanished since it was found.
        return undefined
      }
    },
  }
}

function rateBetween(before: QueueRow & { readonly atMs: number }, now: QueueInspection, nowMs: number): number {
  const from = before.inspection.head.nextSequence
  const to = now.head.nextSequence
  if (from === undefined || to === undefined || to < from || nowMs <= before.atMs) return 0
  return ((to - from) * 1000) / (nowMs - before.atMs)
}
