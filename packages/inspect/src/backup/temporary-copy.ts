import { constants, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { closeQuietly, isStillAt, nodeCrypto, READERS_DIRECTORY } from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'

const OPEN_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/**
 * The folder in which a copy of a queue is made, beside the target whose name it gets when it is complete. It is locked for as long as its process works on it. So the next
 * copy to the same target recognizes what a process left that was killed, and deletes it.
 */
export class TemporaryCopy {
  #isOpen = true

  private constructor(
    readonly path: string,
    private readonly fd: number,
  ) {}

  /** Makes the folder, with a folder for the positions of readers in it, and deletes crash leftovers. Nothing remains when that fails. */
  static make(target: string): TemporaryCopy {
    const prefix = join(dirname(target), `.${basename(target)}.`)
    deleteLeftovers(prefix)
    for (;;) {
      const path = `${prefix}${nodeCrypto().randomBytes(6).toString('hex')}.tmp`
      mkdirSync(path)
      const fd = lockNewFolder(path)
      // Another process has taken it for a leftover before it was locked.
      if (fd === undefined) continue
      const copy = new TemporaryCopy(path, fd)
      try {
        mkdirSync(join(path, READERS_DIRECTORY))
        return copy
      } catch (cause) {
        copy.abandon()
        throw cause
      }
    }
  }

  /** Gives the folder the name of the target, for good. When that cannot be synced it has its old name again, as far as that can be had. */
  rename(target: string): void {
    // Opened before, so that after the rename nothing but the sync itself can fail.
    const folder = openSync(dirname(target), constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      renameSync(this.path, target)
      this.#syncName(folder, target)
    } finally {
      closeQuietly(folder)
    }
    this.#unlock()
  }

  #syncName(folder: number, target: string): void {
    try {
      fsyncSync(folder)
    } catch (cause) {
      renameSync(target, this.path)
      throw cause
    }
  }

  /** Deletes the folder. Without effect after {@link rename}. */
  abandon(): void {
    if (!this.#isOpen) return
    try {
      rmSync(this.path, { recursive: true, force: true })
    } catch {
      // The copy has failed with an error of its own, and the next one deletes what is left.
    } finally {
      this.#unlock()
    }
  }

  #unlock(): void {
    this.#isOpen = false
    closeQuietly(this.fd)
  }
}

/** {@link lockFolder} of a folder that was just made, which is deleted when that fails. */
function lockNewFolder(path: string): number | undefined {
  try {
    return lockFolder(path)
  } catch (cause) {
    rmSync(path, { recursive: true, force: true })
    throw cause
  }
}

/** The descriptor of the folder at this path, locked; `undefined` when another process has it, or it is gone. @throws what the system says. */
function lockFolder(path: string): number | undefined {
  let fd: number
  try {
    fd = openSync(path, OPEN_FLAGS)
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
    throw cause
  }
  let isOwn = false
  try {
    isOwn = binding.tryLock(fd, true) && isStillAt(path, fd)
  } finally {
    if (!isOwn) closeQuietly(fd)
  }
  return isOwn ? fd : undefined
}

/** A leftover that cannot be deleted costs room and nothing else: it does not keep a copy from being made. */
function deleteLeftovers(prefix: string): void {
  const name = basename(prefix)
  for (const entry of readdirSync(dirname(prefix)))
    if (entry.startsWith(name) && /^[0-9a-f]{12}\.tmp$/.test(entry.slice(name.length)))
      deleteLeftover(join(dirname(prefix), entry))
}

function deleteLeftover(path: string): void {
  let fd: number | undefined
  try {
    fd = lockFolder(path)
    if (fd !== undefined) rmSync(path, { recursive: true, force: true })
  } catch {
    // The next copy tries again.
  } finally {
    if (fd !== undefined) closeQuietly(fd)
  }
}
