import { ClosedError, type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import {
  CALLBACK,
  checkOptions,
  checkSignal,
  FLAG,
  MILLISECONDS,
  type OptionNames,
  READER_NAME,
} from '@chronicle-ts/core/internal'
import { RESCAN_INTERVAL_MS, ROUTER_READER_NAME } from '../defaults.js'
import { type BusLayout, layoutOf } from '../layout/bus-layout.js'
import { Arrival, eventsOf } from '../watching/arrival.js'
import { RescanClock } from '../watching/rescan-clock.js'
import type { DiscoveryEvent, DiscoveryProblem, Incarnation } from './discovery-event.js'
import { PendingEvents } from './pending-events.js'
import { StrategyScanner } from './strategy-scanner.js'

/** How a {@link RouterDiscovery} looks. */
export interface RouterDiscoveryOptions {
  /** Longest time that an event which inotify did not report goes unnoticed. @defaultValue 500 ms */
  readonly rescanIntervalMs?: number
  /** False looks at every rescan only and uses no inotify. @defaultValue true */
  readonly watch?: boolean
  /** Whether strategies that are not announced and have unread messages are reported, as `left`. @defaultValue true */
  readonly unread?: boolean
  /** Name under which the router reads `orders_out`: what this reader has not committed is unread. @defaultValue 'router' */
  readonly readerName?: string
  /** Called with what went wrong, once per lasting problem. @defaultValue they are counted in {@link RouterDiscovery.metrics} only */
  readonly onProblem?: (problem: DiscoveryProblem) => void
}

const NAMES: OptionNames<RouterDiscoveryOptions> = {
  rescanIntervalMs: MILLISECONDS,
  watch: FLAG,
  unread: FLAG,
  readerName: READER_NAME,
  onProblem: CALLBACK,
}

/** A strategy that is announced now. */
export interface DiscoveredStrategy {
  readonly strategy: string
  readonly incarnation: Incarnation
}

/** What a discovery did so far, and what it holds. */
export interface RouterDiscoveryMetrics {
  /** Strategies that are announced now. */
  readonly strategies: number
  /** Strategies that have a directory, announced or not. */
  readonly directories: number
  /** Inotify watches held, one per directory and one for the tree. */
  readonly watches: number
  /** Places that the system refused a watch for. Not 0: those are seen by rescans only, see `fs.inotify.max_user_watches` and `max_user_instances`. */
  readonly refusedWatches: number
  readonly hints: number
  readonly looks: number
  readonly rescans: number
  readonly problems: number
  /** Events that were not taken yet. */
  readonly pendingEvents: number
}

/**
 * Finds the strategies of a bus, and reports when they come, go and restart.
 *
 * Inotify says where to look, a rescan twice a second looks everywhere, and only what a look finds becomes an event. A missed notification costs half a second, never a
 * strategy. An event goes to exactly one taker, {@link poll} or {@link events}. A strategy that is killed stays `added`, because its READY
 * stays: its queue may hold orders, and its next start is `restarted`. A strategy that went while no router served it, with messages unread, is `left`.
 *
 * Uses no thread, and keeps the process alive only while a caller waits for an event.
 *
 * @example
 * using discovery = new RouterDiscovery('/var/lib/trading/bus')
 * for await (const event of discovery.events({ signal })) {
 *   if (event.kind !== 'removed') attach(event.strategy)
 *   if (event.kind === 'removed' || event.kind === 'left') readToTheEndAndDetach(event.strategy)
 * }
 */
export class RouterDiscovery implements AsyncIterable<DiscoveryEvent>, Disposable, AsyncDisposable {
  readonly layout: BusLayout
  readonly #scanner: StrategyScanner
  readonly #clock: RescanClock
  readonly #pending = new PendingEvents()
  readonly #arrival = new Arrival((waiting) => this.#clock.keepAlive(waiting))
  #closed = false

  /**
   * Looks at everything once; what is there already are the first events. The tree need not exist.
   *
   * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`: the root or an option is not usable. A tree that cannot be read is a problem for
   * `onProblem`, not an error.
   */
  constructor(bus: BusLayout | DirectoryPath, options: RouterDiscoveryOptions = {}) {
    checkOptions(options, NAMES)
    this.layout = layoutOf(bus)
    const { rescanIntervalMs = RESCAN_INTERVAL_MS, watch = true, onProblem = () => {} } = options
    const { unread = true, readerName = ROUTER_READER_NAME } = options
    if (!unread && options.readerName !== undefined)
      throw new InvalidArgumentError({ argument: 'readerName', value: readerName, expected: 'unread: true beside it' })
    const looks = { watches: watch, readerName: unread ? readerName : undefined }
    this.#scanner = new StrategyScanner(this.layout, looks, {
      onEvents: (events) => this.#collect(events),
      onProblem: (problem) => callApart(() => onProblem(problem)),
    })
    this.#clock = new RescanClock(rescanIntervalMs, () => this.#scanner.scanInPortions())
    this.#scanner.scanAll(true)
  }

  get closed(): boolean {
    return this.#closed
  }

  /**
   * All events since the last call, sorted by strategy name. Costs next to nothing when there are none. When the last rescan is too long ago it looks at the files itself, so
   * that a router which never returns to the event loop misses nothing either.
   *
   * @throws {@link ClosedError} `ERR_CLOSED`.
   */
  poll(): DiscoveryEvent[] {
    this.#assertOpen()
    if (this.#clock.isDue) this.#rescan(false)
    else this.#scanner.scanHinted()
    return this.#pending.takeAll()
  }

  /**
   * Looks at everything now.
   *
   * @throws {@link ClosedError} `ERR_CLOSED`.
   */
  rescan(): void {
    this.#assertOpen()
    this.#rescan(true)
  }

  /** Events one by one, as they come. Ends when the signal aborts or the discovery is closed. */
  events(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<DiscoveryEvent, void, undefined> {
    checkOptions(options, { signal: true })
    checkSignal(options.signal)
    const take = () => (this.#closed ? undefined : this.#pending.takeOne())
    return eventsOf({ isClosed: () => this.#closed, take, arrival: this.#arrival }, options.signal)
  }

  [Symbol.asyncIterator](): AsyncGenerator<DiscoveryEvent, void, undefined> {
    return this.events()
  }

  /** The strategies that are announced now, sorted by name, whether or not their events were taken. */
  strategies(): DiscoveredStrategy[] {
    return [...this.#scanner.strategies.keys()].sort().flatMap((strategy) => {
      const known = this.#scanner.strategies.get(strategy)?.tracker.known
      return known === undefined ? [] : [{ strategy, incarnation: { epoch: known.epoch, lease: known.lease } }]
    })
  }

  metrics(): RouterDiscoveryMetrics {
    const { strategies: directories, counters, counts } = this.#scanner
    let strategies = 0
    for (const { tracker } of directories.values()) if (tracker.known !== undefined) strategies++
    return { strategies, directories: directories.size, ...counters, ...counts, pendingEvents: this.#pending.count }
  }

  /** Ends all watches and iterations. May be called again. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#clock.stop()
    this.#scanner.close()
    this.#arrival.announce()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  #rescan(thorough: boolean): void {
    this.#clock.restart()
    this.#scanner.scanAll(thorough)
  }

  #collect(events: readonly DiscoveryEvent[]): void {
    for (const event of events) this.#pending.add(event)
    this.#arrival.announce()
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError({ handle: 'discovery', directory: this.layout.root })
  }
}

/** Calls a callback of the program: when it throws, the error is uncaught, and the scan continues. */
function callApart(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
