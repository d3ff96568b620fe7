import { constants, fstatSync, openSync, statSync } from 'node:fs'
import { fromSystemError } from '@chronicle-ts/core'
import { closeQuietly } from './close-quietly.js'

/** Holds a directory without the right to list it; `node:fs` has no name for this flag of open(2). */
const O_PATH = 0o10000000

/** Where a held directory is now, seen from the path under which it was opened. */
export type DirectoryPlace = 'in-place' | 'gone' | 'replaced'

/**
 * A directory that is held by its descriptor: what is done under {@link HeldDirectory.ownPath} happens in the directory that was opened, also after another one took its
 * place. The kernel gives a descriptor's inode to no other directory while it is open.
 */
export class HeldDirectory {
  readonly #fd: number
  readonly #dev: bigint
  readonly #ino: bigint
  #isOpen = true

  /** @throws `ERR_NOT_FOUND`, `ERR_NOT_A_QUEUE`, `ERR_PERMISSION`, `ERR_LIMIT`. */
  constructor(readonly path: string) {
    try {
      this.#fd = openSync(path, O_PATH | constants.O_DIRECTORY)
    } catch (cause) {
      throw fromSystemError(cause, { path })
    }
    try {
      const { dev, ino } = fstatSync(this.#fd, { bigint: true })
      this.#dev = dev
      this.#ino = ino
    } catch (cause) {
      closeQuietly(this.#fd)
      throw fromSystemError(cause, { path })
    }
  }

  /** A path of this very directory, wherever it was moved to. Valid until {@link close}. */
  get ownPath(): string {
    return `/proc/self/fd/${this.#fd}`
  }

  /** @throws `ERR_PERMISSION`, `ERR_IO`: the system does not permit the look. */
  get place(): DirectoryPlace {
    try {
      const stats = statSync(this.path, { bigint: true, throwIfNoEntry: false })
      if (stats === undefined) return 'gone'
      return stats.dev === this.#dev && stats.ino === this.#ino ? 'in-place' : 'replaced'
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOTDIR') return 'gone'
      throw fromSystemError(cause, { path: this.path })
    }
  }

  /** May be called again. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    closeQuietly(this.#fd)
  }
}
