/**
 * The recovery table: every state in which a writer may find a queue, its name, and what is decided. Exclusive and complete: each row has a
 * test of its name, and docs/recovery.md shows the same table.
 */
export const RECOVERY_CASES = {
  'stale-lock': 'The lock file names a writer that has ended: the lock itself was free, so the name is only replaced.',
  'torn-tail': 'An append did not commit: its bytes are zeroed, and the next append uses its place.',
  'corrupt-tail':
    'The last record has a commit word but is invalid: it is set aside and padded over, and the queue continues in the next segment.',
  'unsynced-tail':
    'The machine stopped and pages after the durable mark are missing: everything from the first hole on is set aside, and a fresh segment follows.',
  'unsynced-deletion':
    'The machine stopped during retention: segments below a gap, and incomplete segments that were announced for deletion, are set aside.',
  'odd-generation':
    'The writer died between the two steps of the seqlock: the head is found from the segments, and the generation is made even.',
  'control-behind': 'The control block names an older head than the segments show: the segments count.',
  'bad-write-offset':
    'No record ends where the control block says that the next begins, or good records follow after a gap: the head is checked whole.',
  'lost-control':
    'control.meta is missing, short, zeroed, or does not fit the segments: it is set aside and rebuilt from the segments.',
  'sealed-without-successor': 'The head is sealed or padded to its end and no segment follows: the next segment is created.',
  'successor-without-seal': 'The writer died between naming the new head and sealing the old one: recovery seals it.',
  'invalid-successor': 'A file with the name of the next segment is not a segment: it is replaced.',
  'missing-head':
    'The named segment (without a control block, the one after the last sealed one) is missing or is not a segment. It is set aside, and the queue continues above everything that was found.',
  'damaged-segment':
    'The header or the length of a segment is damaged; its records, the control block and neighbouring segments identify it: it is corrected. Without a control block, the lowest segments that hold nothing only lead on.',
  'copied-queue':
    'The queue is a copy, perhaps of a queue that was being written: it is recovered from its segments, up to one that was copied before it was full.',
  'reader-ahead':
    'A saved reader position is after the last record: the reader continues at the new head, and no position is used twice.',
  'stale-waiters': 'The announcement of readers that died parked remains: it is cleared, and every reader checks again.',
} as const

export type RecoveryCase = keyof typeof RECOVERY_CASES

/** One thing that recovery found and did. */
export interface RecoveryAction {
  readonly case: RecoveryCase
  readonly segmentId: number
  readonly offset: number
  readonly detail: string
}
