import type { Interruption } from './interruption.js'
import type { Parkable } from './parkable.js'

/** Why a wait ended. */
export type WaitOutcome = 'message' | 'timeout'

/** What ends an asynchronous wait before its time: a signal, which then rejects it, or the iterator that waits. */
export interface WaitEnds {
  readonly signal?: AbortSignal | undefined
  readonly interruption?: Interruption
}

/** One way to wait until any of some sources has something to read. `deadline`: milliseconds of `performance.now`. */
export interface WaitStrategy {
  /** Blocks the calling thread. */
  wait(sources: readonly Parkable[], deadline: number): WaitOutcome
  /** Lets the event loop turn. Rejects with the signal's reason, and with what a source throws that is looked at. */
  waitAsync(sources: readonly Parkable[], deadline: number, ends: WaitEnds): Promise<WaitOutcome>
}
