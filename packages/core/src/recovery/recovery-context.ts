import type { MappedControl } from '../control/mapped-control.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import type { SegmentPreparer } from '../segment/segment-preparer.js'
import type { RecoveryAction, RecoveryCase } from './recovery-case.js'

/** Where the writer goes on: the head segment, mapped for writing, the offset and the sequence of the next record. */
export interface Tail {
  readonly segment: MappedSegment
  readonly offset: number
  readonly nextSequence: number
}

/** What every step of recovery needs. The lock is held; nobody else writes. */
export class RecoveryContext {
  readonly actions: RecoveryAction[] = []

  constructor(
    readonly directory: QueueDirectory,
    readonly control: MappedControl,
    readonly segmentSize: number,
    readonly preparer: SegmentPreparer,
  ) {}

  /** Whether the last writer left the queue without closing it. */
  get lastWriterDied(): boolean {
    return this.actions.some((action) => action.case === 'stale-lock')
  }

  note(name: RecoveryCase, where: { segmentId: number; offset?: number }, detail: string): void {
    this.actions.push({ case: name, segmentId: where.segmentId, offset: where.offset ?? 0, detail })
  }
}
