import { dirname, join } from 'node:path'
import { CONTROL_FILE, FLAG, MILLISECONDS, type OptionNames } from '@chronicle-ts/core/internal'
import { RESCAN_INTERVAL_MS } from '../defaults.js'
import { birthStamp } from '../markers/marker-file.js'
import { MovingWatch, type WatchCounters } from '../watching/moving-watch.js'
import { nearestDirectory } from '../watching/nearest-directory.js'
import { RescanClock } from '../watching/rescan-clock.js'

/** How a watch looks for a queue. */
export interface QueueWatchOptions {
  /** Longest time that a change which inotify did not report goes unnoticed. @defaultValue 500 ms */
  readonly rescanIntervalMs?: number
  /** False looks at every rescan only and uses no inotify. @defaultValue true */
  readonly watch?: boolean
}

export const WATCH_NAMES: OptionNames<QueueWatchOptions> = { rescanIntervalMs: MILLISECONDS, watch: FLAG }

/** Says when it may be worth looking at one queue: where it appears, when its control block is replaced or deleted, and at every rescan. */
export class QueueWatch {
  readonly counters: WatchCounters = { watches: 0, refusedWatches: 0, hints: 0 }
  readonly #directory: string
  readonly #controlPath: string
  readonly #watches: boolean
  readonly #onLook: () => void
  readonly #watch: MovingWatch
  readonly #clock: RescanClock
  #lookScheduled: NodeJS.Immediate | undefined
  #closed = false

  /** `onLook` is not called from within the constructor. */
  constructor(queueDirectory: string, options: QueueWatchOptions, onLook: () => void) {
    const { rescanIntervalMs = RESCAN_INTERVAL_MS, watch = true } = options
    this.#directory = queueDirectory
    this.#controlPath = join(queueDirectory, CONTROL_FILE)
    this.#watches = watch
    this.#onLook = onLook
    this.#watch = new MovingWatch(this.counters, { onHint: () => this.#scheduleLook(), onRefused: () => {} })
    this.#clock = new RescanClock(rescanIntervalMs, () => this.#look())
    this.#follow()
  }

  /** Whether the last look is longer ago than a rescan may be. */
  get isDue(): boolean {
    return this.#clock.isDue
  }

  /** What distinguishes this control block from another one in its place; `undefined` while there is none. */
  controlStamp(): string | undefined {
    return birthStamp(this.#controlPath, 'file')
  }

  /** What distinguishes the queue's directory from another one in its place; `undefined` while there is none. */
  directoryStamp(): string | undefined {
    return birthStamp(this.#directory, 'directory')
  }

  /** Looks now. */
  lookNow(): void {
    this.#clock.restart()
    this.#look()
  }

  /** Whether waiting for this queue keeps the process alive. */
  keepAlive(wanted: boolean): void {
    this.#clock.keepAlive(wanted)
  }

  close(): void {
    this.#closed = true
    this.#clock.stop()
    clearImmediate(this.#lookScheduled)
    this.#watch.close()
  }

  #scheduleLook(): void {
    if (this.#closed || this.#lookScheduled !== undefined) return
    this.#lookScheduled = setImmediate(() => {
      this.#lookScheduled = undefined
      this.#look()
    })
  }

  #look(): void {
    if (this.#closed) return
    this.#follow()
    this.#onLook()
  }

  /** Watches the control block where it is there, else the nearest directory in which something has to appear first. */
  #follow(): void {
    if (!this.#watches) return
    const stamp = quietly(() => this.controlStamp())
    if (stamp !== undefined) this.#watch.moveTo(this.#controlPath, stamp)
    else {
      const nearest = quietly(() => nearestDirectory(dirname(this.#controlPath)))
      if (nearest !== undefined) this.#watch.moveTo(nearest.path, nearest.stamp)
    }
  }
}

/** What the system does not let us see is not watched; the look itself reports it. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
