import { READY_FILE } from '@chronicle-ts/core/internal'
import type { StrategyPaths } from '../layout/bus-layout.js'
import { MovingWatch, type WatchCounters } from '../watching/moving-watch.js'
import type { DiscoveryEvent } from './discovery-event.js'
import { lookAtStrategy, type StrategyLook } from './strategy-look.js'
import { StrategyTracker } from './strategy-tracker.js'
import { UnreadWatch } from './unread-watch.js'

/** What a {@link WatchedStrategy} needs of its discovery. */
export interface StrategySurroundings {
  readonly counters: WatchCounters
  /** False: rescans only. */
  readonly watches: boolean
  /** Name of the reader whose unread messages count; `undefined`: they are not asked for. */
  readonly readerName: string | undefined
  readonly onHint: () => void
  readonly onRefused: (path: string, error: unknown) => void
  readonly onProblem: (error: unknown) => void
}

/** One strategy's directory under observation: its watch, the last look at it and what became of that. */
export class WatchedStrategy {
  readonly tracker: StrategyTracker
  readonly #watch: MovingWatch
  readonly #unread: UnreadWatch | undefined
  #look: StrategyLook | undefined
  /** The message of the problem that was reported last, so that a lasting one is reported once. */
  #problem: string | undefined

  constructor(
    readonly paths: StrategyPaths,
    readonly surroundings: StrategySurroundings,
  ) {
    this.tracker = new StrategyTracker(paths.name)
    this.#watch = new MovingWatch(surroundings.counters, {
      onHint: (entry, event) => this.#hear(entry, event),
      onRefused: (error) => surroundings.onRefused(this.#watch.path ?? paths.directory, error),
    })
    const { readerName } = surroundings
    this.#unread = readerName === undefined ? undefined : new UnreadWatch(paths.ordersOut, readerName)
  }

  /**
   * Looks and says what changed. `beginning`: the discovery starts, what is over is not an event, except for messages that were left unread. `thorough`: those are asked for now, however
   * recently they were. A look that fails changes nothing and is reported.
   */
  look(how: { readonly beginning: boolean; readonly thorough: boolean }): {
    readonly events: readonly DiscoveryEvent[]
    readonly gone: boolean
  } {
    let look: StrategyLook | undefined
    let events: readonly DiscoveryEvent[]
    try {
      look = lookAtStrategy(this.paths, this.#look)
      this.#look = look
      if (look === undefined) return { events: this.tracker.observeGone(), gone: true }
      events = how.beginning ? this.tracker.begin(look) : this.tracker.observe(look)
      if (this.surroundings.watches) this.#follow(look)
    } catch (error) {
      this.#report(error)
      return { events: [], gone: false }
    }
    return { events: events.length > 0 ? events : this.#lookForUnread(look, how.thorough), gone: false }
  }

  /** Ends the look: its problem, or that it found no problem, is remembered here. */
  #lookForUnread(look: StrategyLook, thorough: boolean): DiscoveryEvent[] {
    try {
      const isThere = look.ready === undefined && look.watchPath === this.paths.ordersOut
      const unread = isThere ? this.#unread?.look(thorough) : this.#unread?.postpone()
      this.#problem = undefined
      return unread === undefined ? [] : [{ kind: 'left', strategy: this.paths.name, unread }]
    } catch (error) {
      this.#report(error)
      return []
    }
  }

  close(): void {
    this.#watch.close()
  }

  /** What inotify reported of another place says nothing about the new one. */
  #follow({ watchPath, watchStamp }: StrategyLook): void {
    const moved = this.#watch.moveTo(watchPath, watchStamp)
    if (moved) this.tracker.evidence.reset()
  }

  #hear(entry: string | undefined, event: string): void {
    const isReady = entry === READY_FILE && event === 'rename' && this.#watch.path === this.paths.ordersOut
    if (isReady) this.tracker.evidence.countEvent()
    this.surroundings.onHint()
  }

  #report(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error)
    if (problem === this.#problem) return
    this.#problem = problem
    this.surroundings.onProblem(error)
  }
}
