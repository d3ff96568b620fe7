import { binding } from '@chronicle-ts/native'
import type { MappedControl } from '../control/mapped-control.js'
import { QUIET_LOOKS } from '../defaults.js'
import { CONTROL_CURRENT_SEGMENT_OFFSET } from '../format/index.js'
import { type MappedSegment, WORDS_PER_BLOCK_SHIFT } from '../segment/mapped-segment.js'

/**
 * Looks at a few words that stand for a look at everything: the commit word, the number of the head segment, the process's count of page faults. No message becomes visible
 * without a change of one of the first two, and no append stores in the line of the second. Looks at the words that every append stores would take their lines away from the
 * writer.
 *
 * Plain loads, which an engine may repeat or not: the count bounds that.
 */
export class QuietLooks {
  readonly #control: Int32Array
  readonly #faultCount = binding.faultCount
  #segment: Int32Array
  #left = 0
  #head = 0
  #faults = 0

  constructor(control: MappedControl) {
    this.#control = control.words
    this.#segment = control.words
  }

  /** Whether there is nothing to read at this block, as far as the words show. `false` says that it is time for a full look. */
  findNothing(block: number): boolean {
    if (this.#left === 0) return false
    this.#left--
    return (
      this.#segment[block << WORDS_PER_BLOCK_SHIFT] === 0 &&
      this.#control[CONTROL_CURRENT_SEGMENT_OFFSET >> 2] === this.#head &&
      // Last: looking at the commit word may be what finds that the file was cut short.
      this.#faultCount[0] === this.#faults
    )
  }

  /** Before a full look at a segment: what changes after this call ends the quiet looks that {@link begin} allows. */
  prepare(segment: MappedSegment): void {
    this.#left = 0
    this.#segment = segment.words
    this.#head = Atomics.load(this.#control, CONTROL_CURRENT_SEGMENT_OFFSET >> 2)
    this.#faults = this.#faultCount[0] as number
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
