import { type ControlBlock, controlExtensionsAreCurrent, type LeavingEvidence } from '@chronicle-ts/core/internal'
import { type ColdControl, controlInode, readColdControl, soundControl } from './cold-control.js'
import type { ColdSegment } from './cold-segment.js'
import { isControlOfThisRun } from './control-of-this-run.js'
import { segmentIdsIn } from './queue-listing.js'
import { isEntered } from './record-presence.js'

/** The {@link LeavingEvidence} on a segment that is read with `pread`: every question reads the files again. */
export class ColdEvidence implements LeavingEvidence {
  readonly #directory: string
  readonly #controlInode: bigint | undefined
  #control: ControlBlock | undefined
  segment: ColdSegment | undefined

  constructor(directory: string) {
    this.#directory = directory
    this.#controlInode = controlInode(directory)
    this.#control = soundControl(readColdControl(directory))
  }

  /** The last control block that could be relied on. */
  get control(): ControlBlock | undefined {
    return this.#control
  }

  /** Whether another control block stands in the place of the one that the queue had when it was opened: another queue was made in its directory. */
  isReplaced(): boolean {
    const inode = controlInode(this.#directory)
    return this.#controlInode !== undefined && inode !== undefined && inode !== this.#controlInode
  }

  isSealed(): boolean {
    const { segment } = this
    if (segment === undefined) return false
    if (!segment.sealed) segment.refreshHeader()
    return segment.sealed
  }

  /**
   * A commit word in the next segment shows a later head, too: after a power loss the control block may be the older one. So does a deletion below other segments: no writer deletes its head.
   */
  isLeft(): boolean {
    const { segment } = this
    if (segment === undefined) return false
    this.#read()
    return (this.#control?.currentSegment ?? 0) > segment.id || this.#isEntered(segment.id + 1) || this.#isDeletedBelow(segment)
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

  #isDeletedBelow({ id, file }: ColdSegment): boolean {
    return file.stat().nlink === 0 && !this.isReplaced() && segmentIdsIn(this.#directory).some((other) => other > id)
  }

  /** A segment that cannot be read says nothing. */
  #isEntered(segmentId: number): boolean {
    try {
      return isEntered(this.#directory, segmentId, this.#control?.segmentSize)
    } catch {
      return false
    }
  }
}
