import type { ImportFormat } from './read-messages.js'

/** Options as the user gives them. */
export interface ImportOptions {
  readonly format: ImportFormat
  readonly type: number
  readonly segmentSize?: number
  readonly now?: boolean
  /** The sequence at which an earlier import began; `true`: the first one of the queue. */
  readonly resume?: number | true
  /** A queue whose types and sources the messages have. */
  readonly registry?: string
  readonly yes?: boolean
}
