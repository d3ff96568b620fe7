import { WATCH_RETRY_MS } from '../defaults.js'
import { PathWatch, type PathWatchHandlers } from './path-watch.js'

/** Counters that all watches of one discovery share. */
export interface WatchCounters {
  /** Watches that are set up. */
  watches: number
  /** Watches that the system refused and that were not asked for again yet. While it is not 0, those places are seen by rescans only. */
  refusedWatches: number
  /** Hints heard so far. */
  hints: number
}

/**
 * One watch that follows the place where the next change will show: first the nearest directory that exists, at last the file itself. It also moves when
 * another file or directory takes the place of the watched one, because an inotify watch stays with what it was set on.
 */
export class MovingWatch {
  #watch: PathWatch | undefined
  #place = ''
  #isSetUp = false
  #refusedAtMs: number | undefined

  constructor(
    readonly counters: WatchCounters,
    readonly handlers: PathWatchHandlers,
  ) {}

  /** The path that is watched, also when the system refused. */
  get path(): string | undefined {
    return this.#watch?.path
  }

  /**
   * Watches `path` from now on, where `stamp` distinguishes what stands there from what stood there before. The same place again is left alone, unless the system
   * refused it a good while ago. A new watch first gives a hint without entry: the receiver looks again, so that nothing falls between two watches.
   * Returns whether the watch moved.
   */
  moveTo(path: string, stamp: string): boolean {
    const place = `${stamp} ${path}`
    const retry = this.#refusedAtMs !== undefined && performance.now() - this.#refusedAtMs >= WATCH_RETRY_MS
    if (place === this.#place && !retry) return false
    this.close()
    this.#place = place
    this.#watch = new PathWatch(path, {
      onHint: (entry, event) => {
        this.counters.hints++
        if (entry === undefined) this.#settle()
        this.handlers.onHint(entry, event)
      },
      onRefused: (error) => this.#refuse(error),
    })
    return true
  }

  close(): void {
    if (this.#watch === undefined) return
    this.#watch.close()
    this.#watch = undefined
    this.#place = ''
    if (this.#isSetUp) this.counters.watches--
    if (this.#refusedAtMs !== undefined) this.counters.refusedWatches--
    this.#isSetUp = false
    this.#refusedAtMs = undefined
  }

  /** The system has granted the watch, or has refused it before. */
  #settle(): void {
    if (this.#isSetUp || this.#refusedAtMs !== undefined) return
    this.#isSetUp = true
    this.counters.watches++
  }

  #refuse(error: unknown): void {
    if (this.#refusedAtMs !== undefined) return
    this.#refusedAtMs = performance.now()
    if (this.#isSetUp) this.counters.watches--
    this.#isSetUp = false
    this.counters.refusedWatches++
    this.handlers.onRefused(error)
  }
}
