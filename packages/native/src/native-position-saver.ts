/** Indices into {@link NativePositionSaver.state}. JavaScript writes the first two before a call. */
export const POSITION_SEGMENT_ID = 0
export const POSITION_OFFSET = 1
/** 1 when the writer waited for readers after the last position was saved, else 0. */
export const POSITION_WRITER_BLOCKED = 2

/** Saves a reader's position, with the time of now as its heartbeat. The caller holds the lock of the file. */
export interface NativePositionSaver {
  readonly state: Float64Array
  /**
   * Stores the position in {@link state}: the slot not in use, generation + 1, CRC last. Then, after a full fence, looks whether the writer waits for readers. A writer that announces that
   * it waits and then looks at the positions finds this one, or is found.
   */
  save(): void
  /** For good: nothing is stored after it, and no page is kept mapped. */
  detach(): void
}
