import { type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { SOURCES_FILE } from '@chronicle-ts/core/internal'
import { SCHEMA_FOLDER } from '@chronicle-ts/schema'
import { areNone, encodeCompanions, readCompanions } from './companions.js'

/** The kernel counts the times of files in steps of some milliseconds: a change within one step shows in no time. */
const SETTLE_MS = 1000

/** Most queues have neither file nor folder, for which an exception would cost more than the look. */
const STAT_OPTIONS = { throwIfNoEntry: false } as const

/** A file or folder that changes when companions do, as it was at the last look; zeros where there is none, or it cannot be asked. */
class Stamp {
  readonly #path: string
  /** Before the first look that of no file. */
  #ino = -1
  #changedMs = 0
  #size = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Looks again. @returns whether it has changed. */
  look(): boolean {
    const { ino = 0, ctimeMs = 0, size = 0 } = statOf(this.#path) ?? {}
    if (ino === this.#ino && ctimeMs === this.#changedMs && size === this.#size) return false
    this.#ino = ino
    this.#changedMs = ctimeMs
    this.#size = size
    return true
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, STAT_OPTIONS)
  } catch {
    return undefined
  }
}

/** Shows when the companions of a queue are others than those that were sent last. A look costs two system calls. */
export class CompanionWatch {
  readonly #directory: string
  readonly #stamps: readonly Stamp[]
  readonly #countsNone: boolean
  #sent: Buffer | undefined
  #present: Buffer | undefined
  /** When a change was seen last; `undefined` once what is there was read long enough after it. */
  #changedMs: number | undefined

  /** @param options.countsNone whether a queue without companions says that, too */
  constructor(directory: string, { countsNone }: { readonly countsNone: boolean }) {
    this.#directory = directory
    this.#countsNone = countsNone
    this.#stamps = [SCHEMA_FOLDER, SOURCES_FILE].map((name) => new Stamp(join(directory, name)))
  }

  /** The present companions as the body of a frame; `undefined` when there are none. A registry that cannot be listed at the moment counts as it was. */
  get present(): Buffer | undefined {
    if (this.#hasChanged()) this.#changedMs = performance.now()
    if (this.#changedMs === undefined) return this.#present
    const isSettled = performance.now() - this.#changedMs >= SETTLE_MS
    try {
      this.#present = this.#read()
      if (isSettled) this.#changedMs = undefined
    } catch {
      // Looked at again with the next frame.
    }
    return this.#present
  }

  /** Returns the companions when they were not sent yet; from then on they count as sent. */
  unsent(): Buffer | undefined {
    const { present } = this
    if (present === undefined || (this.#sent !== undefined && present.equals(this.#sent))) return undefined
    this.#sent = present
    return present
  }

  /** Notes what the other end has; `undefined` when that is unknown. */
  know(present: Buffer | undefined): void {
    this.#sent = present
  }

  #read(): Buffer | undefined {
    const companions = readCompanions(this.#directory)
    return areNone(companions) && !this.#countsNone ? undefined : encodeCompanions(companions)
  }

  /** Looks at both, also when the first one has changed. */
  #hasChanged(): boolean {
    let hasChanged = false
    for (const stamp of this.#stamps) if (stamp.look()) hasChanged = true
    return hasChanged
  }
}
