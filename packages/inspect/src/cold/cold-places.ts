import type { ControlBlock } from '@chronicle-ts/core/internal'
import type { FileMemory } from './file-memory.js'

/** A queue as far as finding a place in it needs it. */
export interface ColdPlaces {
  readonly directory: string
  readonly segmentIds: readonly number[]
  readonly control: ControlBlock | undefined
  /** Rely on what the control block says of segments that were not used. Default: all of such a segment is read, because damage may hide records in it. */
  readonly quick?: boolean
  /** What earlier looks read of files that do not change any more. */
  readonly memory?: FileMemory | undefined
}
