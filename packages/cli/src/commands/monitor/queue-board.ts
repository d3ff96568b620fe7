import type { DiscoveryEvent, RouterDiscovery } from '@chronicle-ts/bus'
import { findQueues, inspectQueue, type QueueInspection } from '@chronicle-ts/inspect'
import { oldestUnreadNs } from './oldest-unread.js'

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
  /** By reader: nanoseconds that its oldest unread message had been waiting at earlier looks, oldest first. */
  readonly waits: ReadonlyMap<string, readonly number[]>
}

/** Something that happened to a queue between two looks. */
export interface BoardEvent {
  readonly atMs: number
  /** `announced` and `withdrawn` are what routers hear of a strategy: its READY came or went. The others are about one queue. */
  readonly kind: 'added' | 'removed' | 'restarted' | 'stopped' | 'announced' | 'withdrawn'
  readonly directory: string
  readonly detail: string
}

/** What finds and looks at queues; the tests put their own in its place. */
export interface QueueSource {
  find(): readonly string[]
  inspect(directory: string): QueueInspection | undefined
  /** What the bus's discovery reported since it was asked last. */
  discovered(): readonly DiscoveryEvent[]
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
    for (const event of this.source.discovered()) this.#noteDiscovered(event, nowMs)
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
      this.#rows.set(directory, {
        directory,
        inspection,
        rate: 0,
        history: [],
        waits: waitsAfter(undefined, inspection),
        atMs: nowMs,
      })
      return
    }
    this.#noteWriter(before.inspection, inspection, nowMs)
    const rate = rateBetween(before, inspection, nowMs)
    const history = [...before.history, rate].slice(-HISTORY_LENGTH)
    this.#rows.set(directory, { directory, inspection, rate, history, waits: waitsAfter(before.waits, inspection), atMs: nowMs })
  }

  #noteWriter(before: QueueInspection, now: QueueInspection, atMs: number): void {
    const { directory } = now
    if (before.writer.epoch !== now.writer.epoch)
      this.#note({ atMs, kind: 'restarted', directory, detail: `epoch ${now.writer.epoch ?? '?'}` })
    else if (before.writer.alive === true && now.writer.alive === false)
      this.#note({ atMs, kind: 'stopped', directory, detail: 'no writer any more' })
  }

  /** A restart shows in the queue's epoch, too: it is told once. */
  #noteDiscovered(event: DiscoveryEvent, atMs: number): void {
    if (event.kind === 'restarted' || event.kind === 'left' || this.#isFirstLook) return
    const directory = event.strategy
    if (event.kind === 'added') this.#note({ atMs, kind: 'announced', directory, detail: 'is READY' })
    else
      this.#note({
        atMs,
        kind: 'withdrawn',
        directory,
        detail: event.reason === 'ready-gone' ? 'is READY no more' : 'its directory is gone',
      })
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

/** The queues below a directory, looked at quickly. When it is a bus, `discovery` tells of its strategies. */
export function queuesBelow(root: string, discovery?: RouterDiscovery): QueueSource {
  return {
    find: () => {
      try {
        return findQueues(root).directories
      } catch {
        // The root is gone, for now: whoever watches a bus being deployed anew goes on watching.
        return []
      }
    },
    inspect: (directory) => {
      try {
        return inspectQueue(directory, { quick: true, segmentLimit: 2 })
      } catch {
        // It vanished since it was found.
        return undefined
      }
    },
    discovered: () => discovery?.poll() ?? [],
  }
}

function waitsAfter(before: QueueRow['waits'] | undefined, inspection: QueueInspection): QueueRow['waits'] {
  return new Map(
    inspection.readers.map((reader) => {
      const now = Number(oldestUnreadNs(inspection, reader) ?? 0n)
      return [reader.name, [...(before?.get(reader.name) ?? []), now].slice(-HISTORY_LENGTH)] as const
    }),
  )
}

function rateBetween(before: QueueRow & { readonly atMs: number }, now: QueueInspection, nowMs: number): number {
  const from = before.inspection.head.nextSequence
  const to = now.head.nextSequence
  if (from === undefined || to === undefined || to < from || nowMs <= before.atMs) return 0
  return ((to - from) * 1000) / (nowMs - before.atMs)
}
