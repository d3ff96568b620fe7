import { publish } from '../diagnostics.js'
import { RECORD_ALIGNMENT, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import type { Place } from '../records/place.js'

/** Counts the messages that a cursor skipped, or that were deleted before it came to them, and publishes each loss to the subscribers of the diagnostics channels. */
export class CursorLosses {
  readonly #directory: string
  readonly #segmentSize: number
  /** Damaged records that were skipped. */
  corruptSkipped = 0
  /** Messages that were deleted unread. */
  deleted = 0
  /** The last segment whose rest was skipped, because nothing readable followed; -1 for none. */
  #skippedRestOf = -1

  /** @param directory path of the queue */
  constructor(directory: string, segmentSize: number) {
    this.#directory = directory
    this.#segmentSize = segmentSize
  }

  /** Damage at which a strict cursor stops: it skips nothing. */
  stopAt(place: Place): void {
    this.#publishDamage(place, 0)
  }

  /** Damage at a place hides so many messages. A gap may hide none that did not count before. */
  skip(place: Place, count: number): void {
    this.corruptSkipped += count
    if (count > 0) this.#publishDamage(place, count)
  }

  /** The rest of a segment was skipped, which counted as one message. */
  skippedRestOf(segmentId: number): void {
    this.#skippedRestOf = segmentId
  }

  /** Returns the messages that a gap counts for: where a segment begins, as many as are missing and had room in the one below it. */
  countOfGap({ segmentId, offset }: Place, missing: number): number {
    if (offset !== SEGMENT_HEADER_LENGTH) return 1
    const isPossible = missing >= 1 && missing <= this.#segmentSize / RECORD_ALIGNMENT
    // The rest of the segment before it counted as one when it was skipped.
    const counted = this.#skippedRestOf === segmentId - 1 ? 1 : 0
    return (isPossible ? missing : 1) - counted
  }

  /** Retention deleted messages that the cursor never saw. */
  lose(count: number): void {
    this.deleted += count
    publish('chronicle:loss', { directory: this.#directory, count })
  }

  #publishDamage({ segmentId, offset }: Place, skipped: number): void {
    publish('chronicle:damage', { directory: this.#directory, segmentId, offset, skipped })
  }
}
