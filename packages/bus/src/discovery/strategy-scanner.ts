import { basename } from 'node:path'
import { LOOKS_PER_TURN } from '../defaults.js'
import { type BusLayout, isBusName } from '../layout/bus-layout.js'
import { MovingWatch, type WatchCounters } from '../watching/moving-watch.js'
import { nearestDirectory } from '../watching/nearest-directory.js'
import type { DiscoveryEvent, DiscoveryProblem } from './discovery-event.js'
import { WatchedStrategy } from './watched-strategy.js'

/** The owner of a {@link StrategyScanner}. */
export interface ScannerHandlers {
  readonly onEvents: (events: readonly DiscoveryEvent[]) => void
  readonly onProblem: (problem: DiscoveryProblem) => void
}

/** How a {@link StrategyScanner} looks. */
export interface ScannerOptions {
  /** False: without inotify. */
  readonly watches: boolean
  /** Name of the reader whose unread messages are events; `undefined`: they are not. */
  readonly readerName: string | undefined
}

/**
 * Looks at the strategies of a bus: at all of them when asked, in portions when there is time, and at single ones when inotify hints at them. Only what a
 * look finds becomes an event.
 */
export class StrategyScanner {
  readonly strategies = new Map<string, WatchedStrategy>()
  readonly counters: WatchCounters = { watches: 0, refusedWatches: 0, hints: 0 }
  readonly counts = { looks: 0, rescans: 0, problems: 0 }
  readonly #treeWatch: MovingWatch
  /** Strategies that inotify hinted at and that were not looked at since. */
  readonly #hinted = new Set<string>()
  /** The hint was about the tree itself: any strategy may have come or gone. */
  #treeHinted = false
  #lookScheduled: NodeJS.Immediate | undefined
  #passScheduled: NodeJS.Immediate | undefined
  /** The problem with the tree that was reported last. */
  #treeProblem: string | undefined
  /** The first look at everything: what is over by then is not an event. */
  #beginning = true
  /** It was reported that watches are refused, and they still are. */
  #refusalReported = false
  #closed = false

  constructor(
    readonly layout: BusLayout,
    readonly options: ScannerOptions,
    readonly handlers: ScannerHandlers,
  ) {
    this.#treeWatch = new MovingWatch(this.counters, {
      onHint: (entry) => this.#hearOfTree(entry),
      onRefused: (error) => this.#reportRefusal(layout.strategiesDirectory, undefined, error),
    })
  }

  /** Looks at everything now. `thorough`: also for unread messages, however recently that was done. */
  scanAll(thorough: boolean): void {
    this.#cancelPass()
    for (const name of this.#namesToLookAt()) this.#lookAt(name, thorough)
    this.#beginning = false
  }

  /** Looks at everything in portions, between which the event loop turns. */
  scanInPortions(): void {
    if (this.#passScheduled === undefined) this.#continuePass(this.#namesToLookAt(), 0)
  }

  /** Looks at what inotify hinted at. */
  scanHinted(): void {
    if (this.#treeHinted) for (const name of this.#namesToLookAt()) this.#hinted.add(name)
    this.#treeHinted = false
    for (const name of [...this.#hinted]) this.#lookAt(name)
  }

  close(): void {
    this.#closed = true
    this.#cancelPass()
    clearImmediate(this.#lookScheduled)
    this.#treeWatch.close()
    for (const strategy of this.strategies.values()) strategy.close()
    this.strategies.clear()
  }

  #continuePass(names: readonly string[], from: number): void {
    const to = Math.min(from + LOOKS_PER_TURN, names.length)
    for (const name of names.slice(from, to)) this.#lookAt(name)
    this.#passScheduled = to === names.length ? undefined : setImmediate(() => this.#continuePass(names, to))
  }

  #cancelPass(): void {
    clearImmediate(this.#passScheduled)
    this.#passScheduled = undefined
  }

  /** Strategies that have a directory, and those that had one. A tree that cannot be listed leaves us with those that are known. */
  #namesToLookAt(): string[] {
    this.counts.rescans++
    if (this.#everythingIsWatched()) this.#refusalReported = false
    const names = new Set(this.strategies.keys())
    try {
      this.#watchTree()
      for (const name of this.layout.strategies()) names.add(name)
      this.#treeProblem = undefined
    } catch (error) {
      const problem = String(error)
      if (problem !== this.#treeProblem) this.#report(this.layout.strategiesDirectory, undefined, error)
      this.#treeProblem = problem
    }
    return [...names]
  }

  #everythingIsWatched(): boolean {
    return this.counters.refusedWatches === 0 && this.counters.watches === this.strategies.size + 1
  }

  #watchTree(): void {
    if (!this.options.watches) return
    const { path, stamp } = nearestDirectory(this.layout.strategiesDirectory)
    this.#treeWatch.moveTo(path, stamp)
  }

  #lookAt(name: string, thorough = false): void {
    if (this.#closed) return
    this.counts.looks++
    this.#hinted.delete(name)
    const strategy = this.strategies.get(name) ?? this.#begin(name)
    const { events, gone } = strategy.look({ beginning: this.#beginning, thorough })
    if (gone) {
      strategy.close()
      this.strategies.delete(name)
    }
    if (events.length > 0) this.handlers.onEvents(events)
  }

  #begin(name: string): WatchedStrategy {
    const strategy = new WatchedStrategy(this.layout.strategy(name), {
      counters: this.counters,
      watches: this.options.watches,
      readerName: this.options.readerName,
      onHint: () => {
        this.#hinted.add(name)
        this.#scheduleLook()
      },
      onRefused: (path, error) => this.#reportRefusal(path, name, error),
      onProblem: (error) => this.#report(this.layout.strategy(name).directory, name, error),
    })
    this.strategies.set(name, strategy)
    return strategy
  }

  /**
   * In the strategies' own directory an entry is a strategy's name. Above it, without an entry, or when the entry is the directory itself (it was moved or
   * deleted), everything has to be looked at again.
   */
  #hearOfTree(entry: string | undefined): void {
    const directory = this.layout.strategiesDirectory
    if (entry === undefined || entry === basename(directory) || this.#treeWatch.path !== directory) this.#treeHinted = true
    else if (isBusName(entry)) this.#hinted.add(entry)
    this.#scheduleLook()
  }

  /** Looks after all hints of this turn have come in, so that one change of many steps is looked at once. */
  #scheduleLook(): void {
    if (this.#closed || this.#lookScheduled !== undefined) return
    this.#lookScheduled = setImmediate(() => {
      this.#lookScheduled = undefined
      this.scanHinted()
    })
  }

  /** A limit that is reached is one problem, not one per strategy; {@link WatchCounters.refusedWatches} says how many it hits. */
  #reportRefusal(path: string, strategy: string | undefined, error: unknown): void {
    if (this.#refusalReported) return
    this.#refusalReported = true
    this.#report(path, strategy, error)
  }

  #report(path: string, strategy: string | undefined, error: unknown): void {
    this.counts.problems++
    this.handlers.onProblem({ strategy, path, error: error instanceof Error ? error : new Error(String(error)) })
  }
}
