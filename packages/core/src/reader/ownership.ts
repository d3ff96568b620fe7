import { readlinkSync } from 'node:fs'
import type { MappedControl } from '../control/mapped-control.js'
import { type FileIdentity, whatIsAt } from '../files/file-identity.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { CONTROL_FILE } from '../format/index.js'

/** A file of the queue that a source uses, where it should be. */
export interface OwnedFile {
  readonly directory: QueueDirectory
  readonly name: string
  readonly identity: FileIdentity
}

/**
 * Finds out whether what a source opened is still what its names name (L51): the queue's directory, the control block, and what else it uses. A source that went on with
 * the one while the others use the other would be caught up for ever.
 */
export class Ownership {
  readonly #directory: QueueDirectory
  readonly #files: readonly OwnedFile[]

  constructor(directory: QueueDirectory, control: MappedControl, others: readonly OwnedFile[]) {
    this.#directory = directory
    this.#files = [{ directory, name: CONTROL_FILE, identity: control.identity }, ...others]
  }

  /** What was replaced or removed, in words; `undefined` when all is as it was opened. Costs a system call per file. */
  findReplaced(): string | undefined {
    if (!this.#directory.isAtItsPath())
      return `its path names another directory or none, and the one that was opened is ${this.#whereabouts()}`
    for (const { directory, name, identity } of this.#files) {
      const found = whatIsAt(directory.at(name), identity)
      if (found !== 'same') return `${directory.describe(name)} ${found === 'none' ? 'was removed' : 'is another file now'}`
    }
    return undefined
  }

  /** Where the kernel says that the directory is now. */
  #whereabouts(): string {
    try {
      return readlinkSync(`/proc/self/fd/${this.#directory.fd}`)
    } catch {
      return 'not to be found'
    }
  }
}
