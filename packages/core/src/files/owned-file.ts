import type { FileIdentity } from './file-identity.js'
import type { QueueDirectory } from './queue-directory.js'

/** A file of the queue that a source uses, where it should be. */
export interface OwnedFile {
  readonly directory: QueueDirectory
  /** Relative to the directory: a folder on the way may have been replaced, too. */
  readonly name: string
  readonly identity: FileIdentity
  /** Bytes that are mapped. What is stored after a cut is lost silently. */
  readonly length: number
}
