/** Messages as the server sends them and the browser shows them: types alone, so that both sides read one definition. 64-bit integers are strings. */

export interface ShownMessage {
  readonly sequence: number
  readonly timestampNs: string
  readonly typeId: number
  readonly length: number
  readonly segment: number
  readonly offset: number
  /** The payload, or its beginning: text when it is valid UTF-8, otherwise base64. */
  readonly text?: string
  readonly base64?: string
  /** The payload is longer than what is shown. */
  readonly isCut: boolean
  readonly traceId?: string
  /** Name and id of its queue, in a list over several. */
  readonly queue?: string
  readonly id?: string
}

export interface MessagePage {
  readonly messages: readonly ShownMessage[]
  /** Places that are damaged, by sequence of what precedes them. */
  readonly problems: readonly string[]
  readonly nextSequence: number | null
}

/** What one request of a search found. */
export interface SearchPart {
  /** Of the segment under way, newest last. */
  readonly matches: readonly ShownMessage[]
  /** Messages that this request looked at. */
  readonly looked: number
  /** Time of the newest and the oldest message that this request looked at. */
  readonly newestNs: string | null
  readonly oldestNs: string | null
  /** Where the next request goes on; `null` at the end of the search. */
  readonly cursor: { readonly segmentId: number; readonly offset: number } | null
}

/** A {@link SearchPart}, and how many messages the queue holds. */
export interface SearchResult extends SearchPart {
  readonly total: number
}
