import type { DiscoveryEvent, RouterDiscovery } from '@chronicle-ts/bus'
import {
  findQueues,
  inspectQueue,
  QUICK_SEGMENTS,
  type QueueInspection,
  type QueueState,
  readThresholds,
  StateHistory,
  stateLabel,
  type TrendPoint,
} from '@chronicle-ts/inspect'

const EVENTS_KEPT = 50

/** One queue as the monitor shows it. */
export interface QueueRow {
  readonly directory: string
  readonly inspection: QueueInspection
  readonly state: QueueState
  /** Rates and lags of the last fifteen minutes, oldest first. */
  readonly trend: readonly TrendPoint[]
}

/** Messages per second over the window that the state of the row names; 0 after a single look. */
export function rateOf({ state }: Pick<QueueRow, 'state'>): number {
  return state.measured?.perSecond ?? 0
}

/** Something that happened to a queue between two looks. */
export interface BoardEvent {
  readonly atMs: number
  /** `announced` and `withdrawn` are what routers get as events of a strategy: its READY came or went. The others are about one queue. */
  readonly kind: 'added' | 'removed' | 'restarted' | 'replaced' | 'changed' | 'announced' | 'withdrawn'
  readonly directory: string
  readonly detail: string
}

/** What finds and looks at queues; the tests put their own in its place. */
export interface QueueSource {
  find(): readonly string[]
  inspect(directory: string): QueueInspection | undefined
  /** Thresholds of a queue; the defaults where it is absent. */
  thresholds?(directory: string): ReturnType<typeof readThresholds>
  /** What the bus's discovery reported since it was asked last. */
  discovered(): readonly DiscoveryEvent[]
}

/** Looks at every queue below a root, and remembers what changed since the last look. */
export class QueueBoard {
  readonly #rows = new Map<string, QueueRow & { readonly history: StateHistory }>()
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

  /** Looks again. Events get the time of day, rates come from the monotonic clock. */
  update(nowMs: number, monotonicMs = nowMs): void {
    const found = new Set(this.source.find())
    for (const directory of this.#rows.keys()) if (!found.has(directory)) this.#remove(directory, nowMs)
    for (const directory of found) this.#look(directory, nowMs, monotonicMs)
    for (const event of this.source.discovered()) this.#noteDiscovered(event, nowMs)
    this.#isFirstLook = false
  }

  #look(directory: string, nowMs: number, monotonicMs: number): void {
    const inspection = this.source.inspect(directory)
    const before = this.#rows.get(directory)
    if (inspection === undefined) {
      if (before !== undefined) this.#remove(directory, nowMs)
      return
    }
    if (before === undefined && !this.#isFirstLook) this.#note({ atMs: nowMs, kind: 'added', directory, detail: '' })
    const history = before?.history ?? new StateHistory()
    const state = history.state(inspection, { thresholds: this.source.thresholds?.(directory) ?? {} }, monotonicMs)
    if (before !== undefined) this.#noteChanges(before, { directory, inspection, state }, nowMs)
    this.#rows.set(directory, { directory, inspection, state, trend: history.trend, history })
  }

  #noteChanges(before: QueueRow, now: Omit<QueueRow, 'trend'>, atMs: number): void {
    const { directory } = now
    const note = (kind: BoardEvent['kind'], detail: string) => this.#note({ atMs, kind, directory, detail })
    const [was, is] = [before.inspection.control?.createdNs, now.inspection.control?.createdNs]
    if (was !== undefined && is !== undefined && was !== is) note('replaced', 'another queue has its path')
    else if (before.inspection.writer.epoch !== now.inspection.writer.epoch)
      note('restarted', `epoch ${now.inspection.writer.epoch ?? '?'}`)
    else if (before.state.word !== now.state.word && !isQuiet(before.state, now.state))
      note('changed', `${stateLabel(before.state)} to ${stateLabel(now.state)}`)
  }

  /** A restart shows in the queue's epoch, too: it is reported once. */
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

/** The queues below a directory, looked at quickly. When it is a bus, `discovery` reports its strategies. */
export function queuesBelow(root: string, discovery?: RouterDiscovery): QueueSource {
  return {
    find: () => {
      try {
        return findQueues(root).directories
      } catch {
        // The root is gone, for now: a monitor of a bus that is being deployed again goes on.
        return []
      }
    },
    inspect: (directory) => {
      try {
        return inspectQueue(directory, { quick: true, segmentLimit: QUICK_SEGMENTS })
      } catch {
        // It vanished since it was found.
        return undefined
      }
    },
    thresholds: readThresholds,
    discovered: () => discovery?.poll() ?? [],
  }
}

/** A queue that is sometimes idle is not worth a line each time. */
function isQuiet(before: QueueState, now: QueueState): boolean {
  const words = ['running', 'idle']
  return words.includes(before.word) && words.includes(now.word)
}
