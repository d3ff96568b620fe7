import { types } from 'node:util'
import { binding } from '@chronicle-ts/native'
import { ANNOUNCED_RETRY_MS, BLOCKED_SLICE_MS } from '../defaults.js'
import { CONTROL_PROGRESS_SEQUENCE_OFFSET } from '../format/index.js'
import type { RecordDetails } from './record-details.js'
import { SharedAborts } from './shared-aborts.js'

/** One call of `appendAsync`. */
export interface AsyncAppend {
  readonly typeId: number
  readonly payload: Uint8Array
  readonly details: RecordDetails | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** What the queue of waiting appends needs of its writer. */
export interface AsyncAppendsOptions {
  readonly control: ArrayBuffer
  /** Appends without waiting for readers: the sequence, or `undefined` while the queue is full. Throws what an append throws. */
  readonly attempt: (append: AsyncAppend) => number | undefined
  /** Announces to readers that the writer waits, and takes that back. */
  readonly announce: (waits: boolean) => void
  /** The word that readers change when they move on or leave. */
  readonly progressSequence: () => number
  readonly full: (waitedMs: number) => Error
  readonly closed: () => Error
}

interface Waiting {
  append: AsyncAppend
  readonly begunMs: number
  readonly resolve: (sequence: number) => void
  readonly reject: (reason: unknown) => void
}

/**
 * Appends that wait for room without blocking the thread, first come, first served. While any waits, the control block says so, and the process's parking thread sleeps on the
 * word that they change. A slice bounds each sleep, because a reader that dies changes nothing.
 *
 * Invariant: the append that is tried stands in no list, so that neither an abort nor a close can refuse what is being appended.
 */
export class AsyncAppends {
  readonly #options: AsyncAppendsOptions
  readonly #waiting: Waiting[] = []
  readonly #aborts = new SharedAborts<Waiting>((waiting, reason) => this.#abort(waiting, reason))
  #endSleep: (() => void) | undefined
  #isAnnounced = false
  #isTrying = false
  #isClosed = false

  constructor(options: AsyncAppendsOptions) {
    this.#options = options
  }

  /** Resolves with the sequence. The payload is read before this returns: what has to wait is copied. */
  append(append: AsyncAppend): Promise<number> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { append, begunMs: performance.now(), resolve, reject }
      this.#waiting.push(waiting)
      this.#tryAll()
      if (!this.#waiting.includes(waiting)) return
      waiting.append = { ...append, payload: copyOf(append.payload) }
      if (append.signal !== undefined) this.#aborts.add(append.signal, waiting)
    })
  }

  /** Refuses all that wait. */
  close(): void {
    this.#isClosed = true
    this.#sleepNoMore()
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting, () => waiting.reject(this.#options.closed()))
  }

  /** Appends from the front while there is room. Called again from a callback in the middle of it, it leaves the rest to the call that is under way. */
  #tryAll(): void {
    if (this.#isTrying) return
    this.#isTrying = true
    this.#sleepNoMore()
    try {
      while (!this.#isClosed && this.#tryFirst());
    } finally {
      this.#isTrying = false
    }
    if (this.#waiting.length === 0) this.#announce(false)
  }

  /** Whether the next one is to be tried. The announcement comes first, then the word is loaded, then the last look: a commit in between changes the word. */
  #tryFirst(): boolean {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) return false
    const wasAnnounced = this.#isAnnounced
    const seen = this.#options.progressSequence()
    try {
      const sequence = this.#options.attempt(waiting.append)
      if (sequence === undefined) return this.#keepFirst(waiting, wasAnnounced ? seen : undefined)
      this.#settle(waiting, () => waiting.resolve(sequence))
    } catch (error) {
      this.#settle(waiting, () => waiting.reject(error))
    }
    return true
  }

  /** `seen` is the word as it was before the attempt, when readers knew then that the writer waits. */
  #keepFirst(waiting: Waiting, seen: number | undefined): boolean {
    this.#waiting.unshift(waiting)
    if (this.#isClosed) {
      this.close()
      return false
    }
    const refused = this.#refuseOverdue()
    if (refused) return true
    if (seen === undefined) this.#announce(true)
    else this.#sleep(seen)
    return seen === undefined
  }

  /** Whether the first one was among them. */
  #refuseOverdue(): boolean {
    const now = performance.now()
    const first = this.#waiting[0]
    for (const waiting of [...this.#waiting]) {
      const waitedMs = now - waiting.begunMs
      const { signal, timeoutMs } = waiting.append
      if (signal?.aborted) this.#abort(waiting, signal.reason)
      else if (waitedMs >= timeoutMs) this.#refuse(waiting, this.#options.full(Math.round(waitedMs)))
    }
    return this.#waiting[0] !== first
  }

  #abort(waiting: Waiting, reason: unknown): void {
    const wasFirst = this.#waiting[0] === waiting
    this.#refuse(waiting, reason)
    // Another one is the first now, and its time may be over earlier.
    if (wasFirst && !this.#isTrying) this.#tryAll()
  }

  #refuse(waiting: Waiting, reason: unknown): void {
    const index = this.#waiting.indexOf(waiting)
    if (index < 0) return
    this.#waiting.splice(index, 1)
    this.#settle(waiting, () => waiting.reject(reason))
  }

  #settle(waiting: Waiting, settle: () => void): void {
    if (waiting.append.signal !== undefined) this.#aborts.remove(waiting.append.signal, waiting)
    settle()
  }

  #sleep(seen: number): void {
    const now = performance.now()
    const leftMs = this.#waiting.map(({ begunMs, append }) => begunMs + append.timeoutMs - now)
    const sliceMs = Math.max(0, Math.min(BLOCKED_SLICE_MS, ...leftMs))
    const wake = (): void => {
      this.#endSleep = undefined
      this.#tryAll()
    }
    try {
      const token = binding.park([this.#options.control], [CONTROL_PROGRESS_SEQUENCE_OFFSET], [seen], sliceMs, wake)
      this.#endSleep = () => binding.unpark(token)
    } catch {
      // No thread is to be had: the event loop's clock does instead.
      const timer = setTimeout(wake, Math.min(sliceMs, ANNOUNCED_RETRY_MS))
      this.#endSleep = () => clearTimeout(timer)
    }
  }

  #sleepNoMore(): void {
    this.#endSleep?.()
    this.#endSleep = undefined
  }

  #announce(waits: boolean): void {
    if (this.#isAnnounced === waits || this.#isClosed) return
    this.#isAnnounced = waits
    this.#options.announce(waits)
  }
}

/** What is not bytes stays what it is: the attempt refuses it. */
function copyOf(payload: Uint8Array): Uint8Array {
  return types.isUint8Array(payload) ? new Uint8Array(payload) : payload
}
