import type { MappedControl } from '../control/mapped-control.js'
import type { LeavingEvidence } from '../records/leaving.js'
import type { MappedSegment } from './mapped-segment.js'

/** The {@link LeavingEvidence} on a mapped segment of a queue whose control block is mapped. */
export class LiveEvidence implements LeavingEvidence {
  readonly #control: MappedControl
  segment: MappedSegment | undefined

  constructor(control: MappedControl) {
    this.#control = control
  }

  isSealed(): boolean {
    return this.segment?.sealedAcquire() === true
  }

  isLeft(): boolean {
    return this.segment !== undefined && this.#control.currentSegmentAcquire() > this.segment.id
  }

  sealedEnd(): number | undefined {
    return this.segment?.endOffset
  }

  saysCommitted(offset: number): boolean {
    return this.segment !== undefined && this.#control.saysCommittedAcquire(this.segment.id, offset)
  }
}
