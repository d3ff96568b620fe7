/** What a cursor counted since it was opened. */
export interface CursorCounts {
  readonly messages: number
  /** Damaged records that were skipped (`onCorrupt: 'skip'`). */
  readonly corruptSkipped: number
  /** Messages that were deleted unread (`onLost: 'snap'`). */
  readonly lost: number
  readonly segments: number
}
