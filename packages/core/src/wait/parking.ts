import { binding } from '@chronicle-ts/native'
import { OBSERVER_SLICE_MS, PARK_SLICE_MS } from '../defaults.js'
import { pause } from '../files/pause.js'
import { CONTROL_NOTIFY_SEQUENCE_OFFSET } from '../format/index.js'
import type { Parkable } from './parkable.js'

/**
 * One attempt to sleep until any of some sources changes. The order is what makes it safe (L1): the notification words are loaded **before** the last
 * look, and announced before the kernel compares them; see docs/models.md#park-wake.
 *
 * Only who announces itself sleeps on the word. An observer, which may not, goes by the clock: a writer that finds it asleep would take it for the reader whose
 * count it sees, and the count of a dead one would never heal (L16).
 */
export class Parking {
  readonly #mappings: ArrayBuffer[] = []
  readonly #offsets: number[] = []
  readonly #seen: number[] = []
  readonly #counted: Parkable[] = []
  /** How long one sleep may be. */
  #sliceMs = PARK_SLICE_MS

  constructor(readonly sources: readonly Parkable[]) {}

  /** Loads the words and looks; false when something is ready and nobody should sleep. */
  prepare(): boolean {
    this.#seen.length = 0
    this.#mappings.length = 0
    this.#offsets.length = 0
    this.#sliceMs = PARK_SLICE_MS
    for (const { control } of this.sources) {
      if (!control.writable) {
        this.#sliceMs = OBSERVER_SLICE_MS
        continue
      }
      this.#seen.push(control.notifySequenceAcquire())
      this.#mappings.push(control.mapping)
      this.#offsets.push(CONTROL_NOTIFY_SEQUENCE_OFFSET)
    }
    if (this.sources.some((source) => source.isReady)) return false
    this.#announce()
    return true
  }

  /** Sleeps in this thread until a word changes, the time is over, or something unannounced may be there. */
  sleep(timeoutMs: number): void {
    const slice = Math.min(timeoutMs, this.#sliceMs)
    try {
      const [mapping, offset, seen] = [this.#mappings[0], this.#offsets[0], this.#seen[0]]
      if (mapping === undefined || offset === undefined || seen === undefined) pause(slice)
      else if (this.#mappings.length === 1) binding.futexWait(mapping, offset, seen, slice)
      else binding.futexWaitAny(this.#mappings, this.#offsets, this.#seen, slice)
    } finally {
      this.withdraw()
    }
  }

  /** Has the process's waiting thread, or a timer, sleep; returns what ends it early. Call {@link withdraw} when it is over. */
  sleepElsewhere(timeoutMs: number, wake: () => void): () => void {
    const slice = Math.min(timeoutMs, this.#sliceMs)
    if (this.#mappings.length === 0) {
      const timer = setTimeout(wake, slice)
      return () => clearTimeout(timer)
    }
    const token = binding.park(this.#mappings, this.#offsets, this.#seen, slice, wake)
    return () => binding.unpark(token)
  }

  #announce(): void {
    for (const source of this.sources) {
      const { control } = source
      if (!control.writable) continue
      if (control.writerHonoursParkedReaders()) control.storeParkedReaders()
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
