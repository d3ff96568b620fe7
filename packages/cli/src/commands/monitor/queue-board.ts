import type { DiscoveryEvent, RouterDiscovery } from '@chronicle-ts/bus'
import { isQueueError } from '@chronicle-ts/core'
import {
  FileMemory,
  type FoundQueues,
  findQueues,
  type InspectOptions,
  inspectQueue,
  type LockTable,
  QUICK_SEGMENTS,
  type QueueInspection,
  type QueueState,
  readLockTable,
  StateHistory,
  stateLabel,
  type TrendPoint,
} from '@chronicle-ts/inspect'

const EVENTS_KEPT = 50

/** Why a queue that is there is not shown. */
const UNREADABLE = 'cannot be read'

/** One queue as the monitor shows it. */
export interface QueueRow {
  readonly directory: string
  readonly inspection: QueueInspection
  readonly state: QueueState
  /** Rates and lags of the last fifteen minutes, oldest first. */
  readonly trend: readonly TrendPoint[]
}

/** Messages per second over the window that the state of the row names; `undefined` after a single look, which measures nothing. */
export function rateOf({ state }: Pick<QueueRow, 'state'>): number | undefined {
  return state.measured?.perSecond
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
  find(): Pick<FoundQueues, 'directories' | 'unreadable' | 'leftOut'>
  /** `'gone'` for one that vanished since it was found. */
  inspect(directory: string, look: Required<Pick<InspectOptions, 'locks' | 'memory'>>): QueueInspection | 'gone' | 'unreadable'
  /** What the bus's discovery reported since it was asked last. */
  discovered(): readonly DiscoveryEvent[]
}

/** Looks at every queue below a root, and remembers what changed since the last look. */
export class QueueBoard {
  readonly #rows = new Map<string, QueueRow & { readonly history: StateHistory }>()
  readonly #events: BoardEvent[] = []
  #unreadable: readonly string[] = []
  #leftOut: readonly string[] = []
  #isFirstLook = true

  constructor(private readonly source: QueueSource) {}

  get rows(): readonly QueueRow[] {
    return [...this.#rows.values()]
  }

  /** Directories that could not be listed, and queues that could not be read. */
  get unreadable(): readonly string[] {
    return this.#unreadable
  }

  /** Directories that were not searched: links, and those that lie too deep. */
  get leftOut(): readonly string[] {
    return this.#leftOut
  }

  /** Newest first. */
  get events(): readonly BoardEvent[] {
    return this.#events
  }

  /** Looks again. Events get the time of day, rates come from the monotonic clock. */
  update(nowMs: number, monotonicMs = nowMs): void {
    const { directories, unreadable, leftOut } = this.source.find()
    const found = new Set(directories)
    const hidden = new Set(unreadable)
    for (const directory of this.#rows.keys())
      if (!found.has(directory)) this.#remove(directory, nowMs, hidden.has(directory) ? UNREADABLE : '')
    const now = { nowMs, monotonicMs, locks: readLockTable() }
    const failed = directories.filter((directory) => !this.#look(directory, now))
    this.#unreadable = [...unreadable, ...failed]
    this.#leftOut = leftOut
    for (const event of this.source.discovered()) this.#noteDiscovered(event, nowMs)
    this.#isFirstLook = false
  }

  /** Returns false for a queue that is there and cannot be read. */
  #look(
    directory: string,
    { nowMs, monotonicMs, locks }: { readonly nowMs: number; readonly monotonicMs: number; readonly locks: LockTable },
  ): boolean {
    const before = this.#rows.get(directory)
    const history = before?.history ?? new StateHistory()
    const inspection = this.source.inspect(directory, { locks, memory: history.memory })
    if (inspection === 'gone' || inspection === 'unreadable') {
      const isGone = inspection === 'gone'
      if (before !== undefined) this.#remove(directory, nowMs, isGone ? '' : UNREADABLE)
      return isGone
    }
    if (before === undefined && !this.#isFirstLook) this.#note({ atMs: nowMs, kind: 'added', directory, detail: '' })
    const state = history.state(inspection, { locks }, monotonicMs)
    if (before !== undefined) this.#noteChanges(before, { directory, inspection, state }, nowMs)
    this.#rows.set(directory, { directory, inspection, state, trend: history.trend, history })
    return true
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

  #remove(directory: string, atMs: number, detail: string): void {
    this.#rows.delete(directory)
    this.#note({ atMs, kind: 'removed', directory, detail })
  }

  #note(event: BoardEvent): void {
    this.#events.unshift(event)
    this.#events.length = Math.min(this.#events.length, EVENTS_KEPT)
  }
}

/** The queues below a directory, looked at quickly. When it is a bus, `discovery` reports its strategies. */
export function queuesBelow(root: string, discovery?: RouterDiscovery): QueueSource {
  const memory = new FileMemory()
  return {
    find: () => {
      try {
        return findQueues(root, { memory })
      } catch (error) {
        // The root is gone, for now: a monitor of a bus that is being deployed again goes on.
        return { directories: [], unreadable: isQueueError(error, 'ERR_NOT_FOUND') ? [] : [root], leftOut: [] }
      }
    },
    inspect: (directory, look) => {
      try {
        return inspectQueue(directory, { quick: true, segmentLimit: QUICK_SEGMENTS, ...look })
      } catch (error) {
        return isQueueError(error, 'ERR_NOT_FOUND') ? 'gone' : 'unreadable'
      }
    },
    discovered: () => discovery?.poll() ?? [],
  }
}

/** A queue that is sometimes idle is not worth a line each time. */
function isQuiet(before: QueueState, now: QueueState): boolean {
  const words = ['running', 'idle']
  return words.includes(before.word) && words.includes(now.word)
}
