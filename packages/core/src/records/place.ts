import { RECORD_ALIGNMENT, SEGMENT_HEADER_LENGTH } from '../format/index.js'

/** A place in the queue: a segment and an offset in it. */
export interface Place {
  readonly segmentId: number
  readonly offset: number
}

/** How much of the beginning of a segment file that was cut can hold records, which begin and end with a block. */
export function wholeBlocks(length: number): number {
  return length - (length % RECORD_ALIGNMENT)
}

/** Records that have room before a place: no queue whose sequence began at 0 has reached a higher sequence there. */
export function recordCapacity({ segmentId, offset }: Place, segmentSize: number): number {
  return segmentId * (segmentSize / RECORD_ALIGNMENT - 1) + Math.max(0, offset - SEGMENT_HEADER_LENGTH) / RECORD_ALIGNMENT
}

/**
 * Records that have room from one place on and before another. Where records are missing or damaged between two good ones, their sequences differ by no more than this: the bound for every
 * claim about a sequence.
 */
export function roomBetween(from: Place, to: Place, segmentSize: number): number {
  return recordCapacity(to, segmentSize) - recordCapacity(from, segmentSize)
}
