/** The list of all queues as the server sends it and the browser shows it: types alone, so that both sides read one definition. */

export type { BridgeProgress } from '@chronicle-ts/bridge/progress'

export type Severity = 'ok' | 'warning' | 'critical'

/** A queue in the list of all queues. */
export interface QueueSummary {
  /** Stands for its path, which clients never send. */
  readonly id: string
  readonly name: string
  readonly word: string
  /** What the word is about. */
  readonly subject: 'queue' | 'writer' | 'reader'
  readonly severity: Severity
  readonly writer: { readonly word: string; readonly severity: Severity }
  readonly perSecond: number | null
  readonly nextSequence: number | null
  readonly bytes: number
  readonly readers: number
  readonly lagMessages: number | null
  readonly lagBytes: number | null
  readonly lagSeconds: number | null
  readonly conditions: readonly string[]
  /** Problems that an operator acknowledged. */
  readonly acknowledged: number
  /** Some points of the rates of the last fifteen minutes. */
  readonly spark: readonly number[]
}

/** Everything that the list shows. */
export interface Snapshot {
  readonly at: string
  readonly root: string
  readonly error: string | null
  readonly queues: readonly QueueSummary[]
  readonly unreadable: readonly { readonly name: string; readonly message: string }[]
  readonly leftOut: number
}
