import type { MappedControl } from '../control/mapped-control.js'
import type { SpinHistory } from './spin-history.js'

/** A 32-bit word of a mapping, and what it held. */
export interface SeenWord {
  readonly mapping: ArrayBuffer
  readonly offset: number
  readonly seen: number
}

/** What `waitForAny` waits for: a reader or an observer. */
export interface Parkable {
  /** Absolute path of the queue. */
  readonly directory: string
  /** Returns the next message: what to call after the wait. */
  next(): object | undefined
  /** @internal Whether looking again is worth while: a message, or an error, is there. */
  readonly isReady: boolean
  /** @internal {@link isReady} that looks at everything, also at what changes no word that a reader spins on: before a sleep. */
  look(): boolean
  /** @internal Whether a record, good or bad, is committed at the position: one load. Only {@link isReady} says more, and looks at the next segment and the control block. */
  readonly isCommitted: boolean
  /** @internal Looks at that word all the time until a record is committed, at most so many times. {@link isReady} says what came of it. */
  spin(looks: number): void
  /** @internal */
  readonly spins: SpinHistory
  /** @internal With the notification word that its writer changes. */
  readonly control: MappedControl
  /** @internal The commit word at the position as it is now; `undefined` where no record can begin. */
  readonly commitWord: SeenWord | undefined
  /** @internal Looks after a source that sleeps, and calls back when the sleep has to end: the source is closed, or replaced. Returns what ends that. */
  whileParked(wake: () => void): () => void
}
