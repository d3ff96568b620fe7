/** Indices into {@link NativeVerifier.state}. */
export const VERIFIER_END = 0
/** Sequence that the record at `state[VERIFIER_END]` must have; -1 takes any. JavaScript may set it before a call. */
export const VERIFIER_SEQUENCE = 1
export const VERIFIER_COUNT = 2
/** 1 after a record without headerCrc, which a writer of the base format appended: a higher sequence may follow it. JavaScript may set it before a call. */
export const VERIFIER_LAST_IS_BASE = 3
/** The arguments of {@link NativeVerifier.verify} and {@link NativeVerifier.verifyWhenCommitted}, as these functions pass them to native code. */
export const VERIFIER_OFFSET = 4
export const VERIFIER_MAX_RECORDS = 5
export const VERIFIER_MAX_BYTES = 6
export const VERIFIER_LOOKS = 7
export const VERIFIER_STATE_LENGTH = 8

/** The reader's hot half: checks committed records ahead of JavaScript, in batches. */
export interface NativeVerifier {
  readonly state: Float64Array
  attach(segment: ArrayBuffer): void
  /**
   * Checks records from `offset` on until one is uncommitted or bad, a limit is reached, or the segment ends. `state[VERIFIER_END]` is the offset after the last good
   * record, to which the returned status refers; `state[VERIFIER_COUNT]` how many were good. At least one record is looked at, for any `maxBytes`.
   * A record without headerCrc (legacy writer) with sequence 0 restarts the expected sequence, and
   * the first record with one after such records may lie above it.
   */
  verify(offset: number, maxRecords: number, maxBytes: number): number
  /**
   * {@link verify} after looking at the commit word at `offset` all the time until a record is there, at most `looks` times. Some nanoseconds each, in which the thread does
   * nothing else. When
   * none came, the status is `STATUS_UNCOMMITTED`.
   */
  verifyWhenCommitted(offset: number, maxRecords: number, maxBytes: number, looks: number): number
  detach(): void
}
