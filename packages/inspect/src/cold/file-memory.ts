import { type Stats, statSync } from 'node:fs'
import { InvalidArgumentError } from '@chronicle-ts/core'
import { checkFunction, objectWith } from '@chronicle-ts/core/internal'

/** The kind of an option that is a {@link FileMemory}. */
export const FILE_MEMORY = objectWith('a FileMemory', 'begin', 'recall')

/** File systems count time in steps. A change within the step of an earlier one leaves the times as they are, so what has just changed is read again. */
const SETTLED_MS = 2000

interface Remembered {
  readonly stats: Stats
  readonly value: unknown
}

/**
 * Remembers what looks read of files and directories, so that a look again and again reads only what changed since. It is for content that is written by calls: what a process stores through a mapping
 * leaves the times of a file as they are.
 */
export class FileMemory {
  #earlier: ReadonlyMap<string, Remembered> = new Map()
  #present = new Map<string, Remembered>()

  /** Begins a look. What the look before it did not ask for is forgotten. */
  begin(): void {
    this.#earlier = this.#present
    this.#present = new Map()
  }

  /**
   * Returns what `read` returned for this path, and reads again when the file is another one or changed since.
   *
   * @param isFinal whether the value may be remembered, and whether one that was still counts. Default: always.
   * @throws what `read` throws, and {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`.
   */
  recall<T>(path: string, read: () => T, isFinal: (value: T) => boolean = always): T {
    if (typeof path !== 'string') throw new InvalidArgumentError({ argument: 'path', value: path, expected: 'a path' })
    checkFunction('read', read)
    checkFunction('isFinal', isFinal)
    const stats = statOf(path)
    const known = this.#earlier.get(path)
    if (known !== undefined && stats !== undefined && isSame(known.stats, stats) && isFinal(known.value as T)) {
      this.#present.set(path, known)
      return known.value as T
    }
    const readMs = Date.now()
    const value = read()
    if (stats !== undefined && stats.ctimeMs < readMs - SETTLED_MS && isFinal(value)) this.#present.set(path, { stats, value })
    return value
  }
}

/** Recalls from a memory, or reads where there is none. */
export function recall<T>(
  memory: FileMemory | undefined,
  path: string,
  read: () => T,
  isFinal: (value: T) => boolean = always,
): T {
  return memory === undefined ? read() : memory.recall(path, read, isFinal)
}

function always(): boolean {
  return true
}

/** `undefined` for what is not there, or cannot be seen: reading says why. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** Every change of a file changes its ctime, which no process can set. */
function isSame(one: Stats, other: Stats): boolean {
  return (
    one.ctimeMs === other.ctimeMs &&
    one.ino === other.ino &&
    one.dev === other.dev &&
    one.size === other.size &&
    one.blocks === other.blocks
  )
}
