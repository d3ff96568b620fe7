import type { MappedControl } from '../control/mapped-control.js'
import { QUIET_LOOKS } from '../defaults.js'
import { type MappedSegment, totalFaultsRelaxed } from '../segment/mapped-segment.js'

/**
 * Looks at a few words that stand for a look at everything: the commit word, the number of the head segment, the process's count of page faults. No message becomes visible without a change of one
 * of the first two, and no append stores in the line of the second: looks at the words that every append stores would take their lines away from the writer.
 *
 * Plain loads, which an engine may repeat or not: the count bounds that.
 */
export class QuietLooks {
  readonly #control: MappedControl
  #left = 0
  #head = 0
  #faults = 0

  constructor(control: MappedControl) {
    this.#control = control
  }

  /** Whether there is nothing to read at this block, as far as the words tell. `false` says that it is time for a full look. */
  findNothing(segment: MappedSegment | undefined, block: number): boolean {
    if (this.#left === 0) return false
    this.#left--
    return (
      !(segment as MappedSegment).isCommittedRelaxed(block) &&
      this.#control.currentSegmentRelaxed() === this.#head &&
      // Last: looking at the commit word may be what finds that the file was cut short.
      totalFaultsRelaxed() === this.#faults
    )
  }

  /** Before a full look: what changes after this call ends the quiet looks that {@link begin} allows. */
  prepare(): void {
    this.#left = 0
    this.#head = this.#control.currentSegmentAcquire()
    this.#faults = totalFaultsRelaxed()
  }

  /** The full look found nothing. */
  begin(): void {
    this.#left = QUIET_LOOKS
  }

  /** The next look is a full one. */
  end(): void {
    this.#left = 0
  }
}
