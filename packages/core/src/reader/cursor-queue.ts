import type { MappedControl } from '../control/mapped-control.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import type { ResolvedSourceOptions } from './reader-options.js'

/** What a cursor counted since it was opened. */
export interface CursorCounts {
  readonly messages: number
  /** Damaged records that were skipped (`onCorrupt: 'skip'`). */
  readonly corruptSkipped: number
  /** Messages that were deleted unread (`onLost: 'snap'`). */
  readonly lost: number
  readonly segments: number
}

/** What a cursor walks in. */
export interface CursorQueue {
  readonly directory: QueueDirectory
  readonly control: MappedControl
  readonly options: ResolvedSourceOptions
}
