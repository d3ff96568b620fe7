import type { QueueReader } from '@chronicle-ts/core'
import { checkMembers } from '@chronicle-ts/core/internal'

/** Bytes of the shortest record. */
const SHORTEST_RECORD_LENGTH = 64

/** Saves a reader's position in front of a message that the reader has returned: all before it counts as done, and the message does not. */
export function commitBefore(
  reader: QueueReader,
  place: { readonly segmentId: number; readonly offset: number },
  options?: { readonly durable?: boolean },
): void {
  checkMembers('reader', reader, ['commitThrough'], 'a reader')
  checkMembers('place', place, ['segmentId', 'offset'], 'a message, or another place')
  const { segmentId, offset } = place
  // The end of a record that would stand right before it; in front of the first record of a segment that is the segment's header.
  reader.commitThrough({ segmentId, offset: offset - SHORTEST_RECORD_LENGTH, length: 0 }, options)
}
