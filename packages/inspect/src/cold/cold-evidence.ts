import {
  type ControlBlock,
  controlExtensionsAreCurrent,
  type LeavingEvidence,
  SEGMENT_FIRST_RECORD_OFFSET,
} from '@chronicle-ts/core/internal'
import { type ColdControl, readColdControl, soundControl } from './cold-control.js'
import { ColdSegment } from './cold-segment.js'
import { isControlOfThisRun } from './control-of-this-run.js'

/** The {@link LeavingEvidence} on a segment that is read with `pread`: every question reads the files again. */
export class ColdEvidence implements LeavingEvidence {
  readonly #directory: string
  #control: ControlBlock | undefined
  segment: ColdSegment | undefined

  constructor(directory: string) {
    this.#directory = directory
    this.#control = soundControl(readColdControl(directory))
  }

  /** The last control block that could be relied on. */
  get control(): ControlBlock | undefined {
    return this.#control
  }

  isSealed(): boolean {
    const { segment } = this
    if (segment === undefined) return false
    if (!segment.sealed) segment.refreshHeader()
    return segment.sealed
  }

  /** A committed record in the next segment shows a later head, too: after a power loss the control block may be the older one. */
  isLeft(): boolean {
    const { segment } = this
    if (segment === undefined) return false
    this.#read()
    return (this.#control?.currentSegment ?? 0) > segment.id || this.#hasRecords(segment.id + 1)
  }

  sealedEnd(): number | undefined {
    const endOffset = this.segment?.header.endOffset ?? 0
    return endOffset === 0 || endOffset > (this.segment?.size ?? 0) ? undefined : endOffset
  }

  /** Segment and offset are a pair of the seqlock: both stand between two looks at the same, even generation. */
  saysCommitted(offset: number): boolean {
    const first = this.#read()
    if (!this.#claims(first.block, offset)) return false
    const second = this.#read()
    const isPair = second.block?.segmentGeneration === first.block?.segmentGeneration
    return isPair && this.#claims(second.block, offset) && isControlOfThisRun(this.#directory, second)
  }

  #claims(control: ControlBlock | undefined, offset: number): boolean {
    if (control === undefined || control.currentSegment !== this.segment?.id || control.writeOffset <= offset) return false
    return (control.segmentGeneration & 1) === 0 && controlExtensionsAreCurrent(control)
  }

  #read(): ColdControl {
    const found = readColdControl(this.#directory)
    this.#control = soundControl(found) ?? this.#control
    return found.problem === undefined ? found : { ...found, block: undefined }
  }

  #hasRecords(segmentId: number): boolean {
    let segment: ColdSegment | undefined
    try {
      segment = ColdSegment.open(this.#directory, segmentId, this.#control?.segmentSize)
      if (segment === undefined || segment.headerProblem !== undefined) return false
      return segment.freshCommitLengthAt(SEGMENT_FIRST_RECORD_OFFSET) !== 0
    } catch {
      return false
    } finally {
      segment?.close()
    }
  }
}
