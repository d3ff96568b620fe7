/** What a fan-in was doing with a source when it failed. */
export type SourceOperation = 'read' | 'commit' | 'close'

/** One source's error. The others go on. */
export interface SourceFailure {
  readonly key: string
  /** After a failed `read` the source is set aside until it is retried or removed; the other failures leave it where it is. */
  readonly operation: SourceOperation
  readonly error: unknown
}
