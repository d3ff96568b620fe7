/** Messages as the server sends them and the browser shows them: types alone, so that both sides read one definition. 64-bit integers are strings. */

/** A message as a browser gets it. */
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
  /** Where the queue's schema registry holds the type: its name, the version that the record names (0: none), and the fields, or why there are none. */
  readonly type?: string
  readonly schemaVersion?: number
  readonly fields?: unknown
  readonly decodeError?: string
}

export interface MessagePage {
  readonly messages: readonly ShownMessage[]
  /** What is damaged among them, a sentence each. */
  readonly problems: readonly string[]
  readonly nextSequence: number | null
}

/** Where a search continues: the segment, and the offset in it. */
export interface SearchCursor {
  readonly segmentId: number
  readonly offset: number
}

export interface SearchResult {
  /** Of the segment under way, newest last. */
  readonly matches: readonly ShownMessage[]
  /** Messages that this request looked at. */
  readonly looked: number
  /** Time of the newest and the oldest message that this request looked at. */
  readonly newestNs: string | null
  readonly oldestNs: string | null
  /** `null`: everything was looked at. */
  readonly cursor: SearchCursor | null
}

/** What the server answers: the same with the number of messages that the queue holds; `null` where damage hides it. */
export interface SearchAnswer extends SearchResult {
  readonly total: number | null
}

/** A message among those of other queues. */
export interface MergedMessage extends ShownMessage {
  readonly queue: string
  readonly id: string
}

export interface MergedPage {
  readonly messages: readonly MergedMessage[]
  readonly queues: number
  readonly leftOut: number
}
