/** What a writer counted since it was opened. */
export interface WriterMetrics {
  /** Messages appended by this writer. */
  readonly appended: number
  readonly rolls: number
  /** Wake system calls made for parked readers. */
  readonly wakes: number
  readonly syncs: number
  /** Rolls that had to wait for the disk: for the next segment's preparation or, in a bounded queue, for the space of one that was let go. */
  readonly unpreparedRolls: number
  /** Rolls that had to wait for readers (`backpressure: 'block'`). */
  readonly blockedRolls: number
  /** Segments that retention deleted, and readers that it let go. */
  readonly segmentsDeleted: number
  readonly readersReleased: number
  /** Sequence of the next message. */
  readonly nextSequence: number
  readonly durableSequence: number
}
