/** Indices into {@link NativeFileVerifier.times}: the last time that was seen, and the limit, in halves of 32 bits. JavaScript sets them before a call. */
export const TIMES_PREVIOUS_HIGH = 0
export const TIMES_PREVIOUS_LOW = 1
export const TIMES_LIMIT_HIGH = 2
export const TIMES_LIMIT_LOW = 3
/** How many records of a call are older than the one before, and the offset of the first of them. */
export const TIMES_BACKWARDS = 4
export const TIMES_BACKWARDS_OFFSET = 5
/** How many are later than the limit. */
export const TIMES_AHEAD = 6
export const TIMES_AHEAD_OFFSET = 7

/** Checks the records of files that JavaScript does not map: for tools that check whole queues. */
export interface NativeFileVerifier {
  /** As `NativeVerifier.state`. */
  readonly state: Float64Array
  readonly times: Float64Array
  /** Maps the first `length` bytes of a file, in place of the one before. The caller checked that the file has them. Throws what mmap says. */
  attach(fd: number, length: number): void
  /** As `NativeVerifier.verify`, without a limit of records, and compares the times of the good ones. */
  verify(offset: number, maxBytes: number): number
  detach(): void
}
