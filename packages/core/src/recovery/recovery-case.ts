/**
 * The recovery table: every state in which a writer may find a queue, its name, and what is decided. Exclusive and complete: each row has a
 * test of its name, and docs/recovery.md shows the same table for people.
 */
export const RECOVERY_CASES = {
  'stale-lock': 'The lock file names a writer that has ended: the lock itself was free, so the name is only replaced.',
  'torn-tail': 'An append did not commit: its bytes are zeroed, and the next append uses its place.',
  'corrupt-tail':
    'Something that claims to be committed at the tail is not: set aside, padded over, the queue goes on in the next segment.',
  'unsynced-tail':
    'The machine stopped and pages after the durable mark are missing: set aside from the first hole on, a fresh segment follows.',
  'unsynced-deletion':
    'The machine stopped while retention deleted: what is left below a gap, or was announced as deleted and is not whole, is set aside.',
  'odd-generation':
    'The writer died between the two steps of the seqlock: the head is found from the segments, the generation made even.',
  'control-behind': 'The control block names an older head than the segments show: the segments are right.',
  'bad-write-offset': 'No record ends where the control block says that the next begins: the head is checked whole.',
  'lost-control':
    'control.meta is missing, short, zeroed, or cannot be that of the segments beside it: set aside, rebuilt from the segments.',
  'sealed-without-successor': 'The head is sealed or padded to its end and nothing follows: the successor is made.',
  'successor-without-seal': 'The writer died between naming the new head and sealing the old one: sealed now.',
  'invalid-successor': 'A file with the name of the next segment is not a segment: replaced.',
  'missing-head':
    'The segment that the control block names, or without one the segment after the last sealed one, is gone or is not a segment: set aside, the queue goes on above everything that was seen.',
  'damaged-segment':
    'The header or the length of a segment is damaged, and its records, the control block and its neighbours say which one it is: put right.',
  'copied-queue':
    'The queue is a copy, perhaps of a queue that was being written: recovered from its segments, up to the first gap.',
  'reader-ahead':
    'A reader has saved a position after everything that is left: it continues at the new head, and no position is used twice.',
  'stale-waiters': 'Readers that died parked left their announcement: cleared, and every reader checks again.',
} as const

export type RecoveryCase = keyof typeof RECOVERY_CASES

/** One thing that recovery found and did. */
export interface RecoveryAction {
  readonly case: RecoveryCase
  readonly segmentId: number
  readonly offset: number
  readonly detail: string
}
