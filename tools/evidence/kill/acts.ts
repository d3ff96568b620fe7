/** What an actor of the harness is doing when it is killed: it says so in the ledger before it begins, so that its death can be counted under it. */
export const ACTS = [
  /** None of the others: between two acts, or not started yet. */
  'nothing',
  'open',
  'append',
  /** An append whose message does not fit: it rolls first, and blocks there in a bounded queue. */
  'append that rolls',
  'appendBatch',
  'claim',
  'roll',
  /** Waits until its head segment is old enough to be left. */
  'roll by age',
  'flushSync',
  'flush',
  /** Appends until its flush policy syncs, and until that is done. */
  'group flush',
  'read',
  'wait',
  'commit',
  'durable commit',
  'leave',
  'prune',
  'repair',
] as const

export type Act = (typeof ACTS)[number]

/** Acts that end too soon to be met by chance: the hunter waits for them. */
export const PREY: Readonly<Record<string, readonly Act[]>> = {
  writer: [
    'append that rolls',
    'roll',
    'roll by age',
    'flushSync',
    'flush',
    'group flush',
    'group flush',
    'appendBatch',
    'claim',
    'open',
  ],
  reader: ['read', 'commit', 'durable commit', 'durable commit', 'open'],
  visitor: ['read', 'leave', 'open', 'durable commit'],
  observer: ['read', 'open'],
  pruner: ['prune'],
  repairer: ['repair'],
}
