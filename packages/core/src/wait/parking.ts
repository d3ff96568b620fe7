import { binding, WAIT_CHANGED } from '@chronicle-ts/native'
import { OBSERVER_SLICE_MS, PARK_SLICE_MS } from '../defaults.js'
import { CONTROL_NOTIFY_SEQUENCE_OFFSET } from '../format/index.js'
import type { Parkable } from './parkable.js'

/**
 * One attempt to sleep until any of some sources changes. The order is what makes it safe (L1): the notification words are loaded **before** the last
 * look, and announced before the kernel compares them; see docs/models.md#park.
 */
export class Parking {
  readonly #mappings: ArrayBuffer[] = []
  readonly #offsets: number[] = []
  readonly #seen: number[] = []
  readonly #counted: Parkable[] = []
  /** How long one sleep may be. Observers announce nothing and therefore look more often. */
  #sliceMs = PARK_SLICE_MS

  constructor(readonly sources: readonly Parkable[]) {}

  /** Loads the words and looks; false when something is ready and nobody should sleep. */
  prepare(): boolean {
    this.#seen.length = 0
    this.#mappings.length = 0
    this.#offsets.length = 0
    for (const { control } of this.sources) {
      this.#seen.push(control.notifySequenceAcquire())
      this.#mappings.push(control.mapping)
      this.#offsets.push(CONTROL_NOTIFY_SEQUENCE_OFFSET)
    }
    if (this.sources.some((source) => source.isReady)) return false
    this.#announce()
    return true
  }

  /** Sleeps in this thread; whether a word changed. */
  sleep(timeoutMs: number): boolean {
    const slice = Math.min(timeoutMs, this.#sliceMs)
    try {
      const [mapping, offset, seen] = [this.#mappings[0], this.#offsets[0], this.#seen[0]]
      if (this.sources.length === 1 && mapping !== undefined && offset !== undefined && seen !== undefined) {
        return binding.futexWait(mapping, offset, seen, slice) === WAIT_CHANGED
      }
      return binding.futexWaitAny(this.#mappings, this.#offsets, this.#seen, slice) === WAIT_CHANGED
    } finally {
      this.withdraw()
    }
  }

  /** Has the process's waiting thread sleep; returns a token for `binding.unpark`. Call {@link withdraw} when it is over. */
  sleepElsewhere(timeoutMs: number, wake: () => void): number {
    return binding.park(this.#mappings, this.#offsets, this.#seen, Math.min(timeoutMs, this.#sliceMs), wake)
  }

  #announce(): void {
    this.#sliceMs = PARK_SLICE_MS
    for (const source of this.sources) {
      const { control } = source
      if (!control.writable) this.#sliceMs = OBSERVER_SLICE_MS
      else if (control.writerHonoursParkedReaders()) control.storeParkedReaders()
      else {
        control.addWaitersPending(1)
        this.#counted.push(source)
      }
    }
  }

  /** Takes back what writers of the base format count. Our own writers clear the announcement themselves. */
  withdraw(): void {
    for (const { control } of this.#counted) if (control.mapping.byteLength > 0) control.addWaitersPending(-1)
    this.#counted.length = 0
  }
}
