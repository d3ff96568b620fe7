import { readlinkSync, statSync } from 'node:fs'
import type { MappedControl } from '../control/mapped-control.js'
import { whatIsAt } from '../files/file-identity.js'
import type { OwnedFile } from '../files/owned-file.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { CONTROL_FILE, CONTROL_LENGTH, READERS_DIRECTORY } from '../format/index.js'

/** What one look at a queue's files found, for all sources of the queue. */
export interface QueueLook {
  /** What was replaced or removed, in words. */
  readonly replaced: string | undefined
  /** When a file of the folder of positions was last made, removed or renamed; asked for by the first source that has one. */
  readersChange?: string
}

/** The looks of one moment, by queue. */
export type QueueLooks = Map<string, QueueLook>

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
  #readersChange: string | undefined

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
    return this.#lookAtQueue(looks).replaced ?? this.findReplacedFile()
  }

  /** Whether {@link findReplaced} may find something else than the last time, as far as a look shows that serves all sources of the queue. True for the first of them at this moment. */
  mayHaveChanged(looks: QueueLooks): boolean {
    const known = looks.get(this.#queueKey)
    if (known === undefined || known.replaced !== undefined) return true
    if (this.#others.length === 0) return false
    known.readersChange ??= describeChange(this.#directory)
    if (known.readersChange === this.#readersChange) return false
    this.#readersChange = known.readersChange
    return true
  }

  #lookAtQueue(looks: QueueLooks): QueueLook {
    const known = looks.get(this.#queueKey)
    if (known !== undefined) return known
    const look = { replaced: this.#findReplacedQueue() }
    looks.set(this.#queueKey, look)
    return look
  }

  /** {@link findReplaced} for the source's own files: in a queue that was renamed away they are still its own. */
  findReplacedFile(): string | undefined {
    return this.#others.map(describeReplaced).find((replaced) => replaced !== undefined)
  }

  /**
   * What was made in the place of the control block, in words. Segments that are found afterwards may be those of another queue in the same directory. A control block that was only removed says
   * nothing of them: a writer makes its own before its second segment.
   */
  findOtherControl(): string | undefined {
    const { name, identity, length } = this.#control
    return whatIsAt(this.#directory.at(name), identity, length) === 'other' ? describeReplaced(this.#control) : undefined
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

/** A change this short ago may share its time with one that is still to come: the kernel's clock has steps. */
const SETTLED_MS = 2000
let unsettledCount = 0

/** Differs from every earlier answer when a name in the folder of positions was made, removed or given to another file since. */
function describeChange(directory: QueueDirectory): string {
  try {
    const { dev, ino, mtimeMs, mtimeNs, ctimeNs } = statSync(directory.at(READERS_DIRECTORY), { bigint: true })
    const isSettled = Math.abs(Date.now() - Number(mtimeMs)) > SETTLED_MS
    return isSettled ? `${dev}:${ino} ${mtimeNs} ${ctimeNs}` : `unsettled ${unsettledCount++}`
  } catch {
    return `unknown ${unsettledCount++}`
  }
}

const FINDINGS = { none: 'was removed', other: 'is another file now', cut: 'was cut short' } as const

function describeReplaced({ directory, name, identity, length }: OwnedFile): string | undefined {
  const found = whatIsAt(directory.at(name), identity, length)
  return found === 'same' ? undefined : `${directory.describe(name)} ${FINDINGS[found]}`
}
