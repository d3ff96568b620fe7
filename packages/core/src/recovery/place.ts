/** A place in the queue: a segment and an offset in it. */
export interface Place {
  readonly segmentId: number
  readonly offset: number
}
