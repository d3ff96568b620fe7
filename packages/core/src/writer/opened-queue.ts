import type { MappedControl } from '../control/mapped-control.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import type { ReleaseStack } from '../files/release-stack.js'
import type { WriterLock } from '../files/writer-lock.js'
import type { RecoveryAction } from '../recovery/recovery-case.js'
import type { Tail } from '../recovery/recovery-context.js'
import type { SegmentPreparer } from '../segment/segment-preparer.js'
import type { ResolvedWriterOptions } from './writer-options.js'

/** What `openWriter` hands to the writer. */
export interface OpenedQueue {
  /** Gives back what is acquired, here and in the writer; `close()` unwinds it, and so does an open that fails. */
  readonly releases: ReleaseStack
  readonly directory: QueueDirectory
  readonly lock: WriterLock
  readonly control: MappedControl
  readonly preparer: SegmentPreparer
  readonly tail: Tail
  readonly epoch: number
  readonly options: ResolvedWriterOptions
  readonly recovery: readonly RecoveryAction[]
}
