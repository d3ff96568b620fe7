import { type Place, recordCapacity, roomBetween } from './place.js'

/** A record whose sequence is to be weighed. */
export interface ClaimedSequence extends Place {
  readonly sequence: number
  /** Whether a checksum of the header, which matches, covers the sequence. */
  readonly hasHeaderCrc: boolean
}

/** What is known of the records before: the sequence that would come next, and where; `undefined` when none is known. */
export type SequenceBefore = (Place & { readonly sequence: number }) | undefined

/**
 * Whether a good record can have the sequence that it claims. Without a checksum of its header one damaged bit would move the queue to any sequence. Then it counts as far as
 * the records between have room, and at the beginning as far as all before it.
 */
export function isCredibleSequence(claimed: ClaimedSequence, before: SequenceBefore, segmentSize: number): boolean {
  if (!Number.isSafeInteger(claimed.sequence)) return false
  if (claimed.hasHeaderCrc) return true
  if (before === undefined) return claimed.sequence <= recordCapacity(claimed, segmentSize)
  const ahead = claimed.sequence - before.sequence
  return ahead >= 0 && ahead <= roomBetween(before, claimed, segmentSize)
}
