import { binding } from '@chronicle-ts/native'
import { PASSED_PAGES_STEP } from '../defaults.js'

/** A multiple of the page of every machine: the page that is in use stays. */
const PAGE_ALIGNMENT = 64 * 1024

/**
 * Gives pages of a mapped segment back that its user has passed, so that a program which walks a queue occupies little memory. `MADV_DONTNEED` removes pages of a file from the
 * mapping and drops nothing: the kernel keeps what was stored in them for the file and its next sync. A view that looks at them again maps them again.
 */
export class PassedPages {
  /** What lies below it was given back, or not used. */
  #from = 0

  /** The user begins at this offset of a segment. */
  begin(offset: number): void {
    this.#from = offset - (offset % PAGE_ALIGNMENT)
  }

  /** Whether so much was passed that giving it back is worth a call. */
  areDue(offset: number): boolean {
    return offset - this.#from >= PASSED_PAGES_STEP
  }

  /** Gives back what lies below this offset of the segment. */
  giveBack(mapping: ArrayBuffer, offset: number): void {
    const end = offset - (offset % PAGE_ALIGNMENT)
    try {
      binding.advise(mapping, this.#from, end - this.#from, 'dontneed')
    } catch {
      // Advice only: memory that the process has locked stays.
    }
    this.#from = end
  }
}
