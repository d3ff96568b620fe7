import { binding } from '@chronicle-ts/native'
import { OBSERVER_SLICE_MAX_MS, OBSERVER_SLICE_MS, PARK_SLICE_MS, PARK_TURN_MS } from '../defaults.js'
import { pause } from '../files/pause.js'
import { CONTROL_CURRENT_SEGMENT_OFFSET, CONTROL_NOTIFY_SEQUENCE_OFFSET } from '../format/index.js'
import type { Parkable, SeenWord } from './parkable.js'

/** Part of the time waited until the next look of an observer. */
const OBSERVER_SLICE_SHARE = 20

/** Words in the shape that the addon takes. */
class SeenWords {
  readonly mappings: ArrayBuffer[] = []
  readonly offsets: number[] = []
  readonly seen: number[] = []

  add({ mapping, offset, seen }: SeenWord): void {
    this.mappings.push(mapping)
    this.offsets.push(offset)
    this.seen.push(seen)
  }

  clear(): void {
    this.mappings.length = 0
    this.offsets.length = 0
    this.seen.length = 0
  }
}

/**
 * One attempt to sleep until any of some sources changes. The order is what makes it safe (L1): the words are loaded **before** the last look, and announced before the
 * kernel compares them; see docs/models.md#park-wake.
 *
 * Readers announce themselves and sleep on the notification word. Observers may not announce, and do not sleep on the word either. A writer that wakes an observer would take
 * it for the reader whose count it sees, and the count of a dead reader would never be taken back (L16). The waiting thread looks at their words every few milliseconds, and,
 * more seldom, at those of readers. A writer that died before its wake, or a writer of another kind, wakes no one.
 */
export class Parking {
  readonly #slept = new SeenWords()
  readonly #polled = new SeenWords()
  readonly #counted: Parkable[] = []
  readonly #beganMs = performance.now()
  #pollMs = PARK_SLICE_MS
  #pollMaxMs = PARK_SLICE_MS

  constructor(readonly sources: readonly Parkable[]) {}

  /** Loads the words and looks; false when something is ready and the caller should not sleep. */
  prepare(): boolean {
    this.#slept.clear()
    this.#polled.clear()
    this.#pollMs = PARK_SLICE_MS
    this.#pollMaxMs = PARK_SLICE_MS
    for (const source of this.sources) this.#load(source)
    if (this.sources.some((source) => source.look())) return false
    this.#announce()
    return true
  }

  #load({ control, commitWord }: Parkable): void {
    const { mapping } = control
    const notify = { mapping, offset: CONTROL_NOTIFY_SEQUENCE_OFFSET, seen: control.notifySequenceAcquire() }
    if (control.writable) this.#slept.add(notify)
    else {
      this.#polled.add(notify)
      this.#pollMs = OBSERVER_SLICE_MS
      this.#pollMaxMs = OBSERVER_SLICE_MAX_MS
    }
    this.#polled.add({ mapping, offset: CONTROL_CURRENT_SEGMENT_OFFSET, seen: control.currentSegmentAcquire() })
    if (commitWord !== undefined) this.#polled.add(commitWord)
  }

  /** Sleeps in this thread until a word changes, the time is over, or something unannounced may be there. */
  sleep(timeoutMs: number): void {
    // As the waiting thread does for event loops.
    const grownMs = (performance.now() - this.#beganMs) / OBSERVER_SLICE_SHARE
    const slice = Math.min(timeoutMs, Math.max(this.#pollMs, Math.min(grownMs, this.#pollMaxMs)))
    const { mappings, offsets, seen } = this.#slept
    try {
      const [mapping, offset, value] = [mappings[0], offsets[0], seen[0]]
      if (mapping === undefined || offset === undefined || value === undefined) pause(slice)
      else if (mappings.length === 1) binding.futexWait(mapping, offset, value, slice)
      else binding.futexWaitAny(mappings, offsets, seen, slice)
    } finally {
      this.withdraw()
    }
  }

  /** Has the process's waiting thread sleep; returns what ends it early. Call {@link withdraw} when it is over. */
  sleepElsewhere(timeoutMs: number, wake: () => void): () => void {
    const { mappings, offsets, seen } = this.#slept
    const words = {
      mappings: [...mappings, ...this.#polled.mappings],
      offsets: [...offsets, ...this.#polled.offsets],
      seen: [...seen, ...this.#polled.seen],
    }
    const slice = Math.min(timeoutMs, PARK_TURN_MS)
    try {
      const token = binding.park(
        words.mappings,
        words.offsets,
        words.seen,
        slice,
        wake,
        mappings.length,
        this.#pollMs,
        this.#pollMaxMs,
      )
      return () => binding.unpark(token)
    } catch {
      // No thread is to be had: a timer looks as often.
      const timer = setTimeout(wake, Math.min(slice, this.#pollMs))
      return () => clearTimeout(timer)
    }
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
