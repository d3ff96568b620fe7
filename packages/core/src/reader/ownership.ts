import { readlinkSync } from 'node:fs'
import type { MappedControl } from '../control/mapped-control.js'
import { whatIsAt } from '../files/file-identity.js'
import type { OwnedFile } from '../files/owned-file.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { CONTROL_FILE, CONTROL_LENGTH } from '../format/index.js'

/** What {@link Ownership.findReplaced} found for each queue. */
export type QueueLooks = Map<string, string | undefined>

/**
 * Finds out whether what a source opened is still what its names name (L51): the queue's directory, the control block, and what else it uses. A source that went on with
 * the one while the others use the other would be caught up forever.
 */
export class Ownership {
  readonly #directory: QueueDirectory
  readonly #control: OwnedFile
  readonly #others: readonly OwnedFile[]
  /** Sources with the same path and the same control block opened the same directory. */
  readonly #queueKey: string

  constructor(directory: QueueDirectory, control: MappedControl, others: readonly OwnedFile[]) {
    this.#directory = directory
    this.#control = { directory, name: CONTROL_FILE, identity: control.identity, length: CONTROL_LENGTH }
    this.#others = others
    this.#queueKey = `${control.identity.dev}:${control.identity.ino} ${directory.path}`
  }

  /**
   * What was replaced or removed, in words; `undefined` when all is as it was opened. Costs a system call per file.
   *
   * @param looks what was found at this moment, by queue: many sources of one queue look once.
   */
  findReplaced(looks: QueueLooks = new Map()): string | undefined {
    if (!looks.has(this.#queueKey)) looks.set(this.#queueKey, this.#findReplacedQueue())
    return looks.get(this.#queueKey) ?? this.findReplacedFile()
  }

  /** {@link findReplaced} for the source's own files: in a queue that was renamed away they are still its own. */
  findReplacedFile(): string | undefined {
    return this.#others.map(describeReplaced).find((replaced) => replaced !== undefined)
  }

  #findReplacedQueue(): string | undefined {
    if (this.#directory.isAtItsPath()) return describeReplaced(this.#control)
    return `its path names another directory or none, and the one that was opened is ${this.#whereabouts()}`
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

const FINDINGS = { none: 'was removed', other: 'is another file now', cut: 'was cut short' } as const

function describeReplaced({ directory, name, identity, length }: OwnedFile): string | undefined {
  const found = whatIsAt(directory.at(name), identity, length)
  return found === 'same' ? undefined : `${directory.describe(name)} ${FINDINGS[found]}`
}
