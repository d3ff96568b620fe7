import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { READERS_DIRECTORY } from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'

const OPEN_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/**
 * The folder in which a copy of a queue is made, beside the target whose name it gets when it is complete. It is locked for as long as its process works on it, so that the next copy to the same target
 * recognizes what a process left that was killed, and deletes it.
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
      const path = `${prefix}${randomBytes(6).toString('hex')}.tmp`
      mkdirSync(path)
      const fd = lockFolder(path)
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

  /** Gives the folder the name of the target. */
  rename(target: string): void {
    renameSync(this.path, target)
    this.#unlock()
  }

  /** Deletes the folder. Without effect after {@link rename}. */
  abandon(): void {
    if (!this.#isOpen) return
    try {
      rmSync(this.path, { recursive: true, force: true })
    } finally {
      this.#unlock()
    }
  }

  #unlock(): void {
    this.#isOpen = false
    closeSync(this.fd)
  }
}

/** The descriptor of the folder at this path, locked; `undefined` when another process has it, or it is gone. */
function lockFolder(path: string): number | undefined {
  let fd: number
  try {
    fd = openSync(path, OPEN_FLAGS)
  } catch {
    return undefined
  }
  const isOwn = binding.tryLock(fd, true) && lstatSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino
  if (isOwn) return fd
  closeSync(fd)
  return undefined
}

/** A leftover that cannot be deleted costs room and nothing else: it does not keep a copy from being made. */
function deleteLeftovers(prefix: string): void {
  const name = basename(prefix)
  for (const entry of readdirSync(dirname(prefix))) {
    if (!entry.startsWith(name) || !/^[0-9a-f]{12}\.tmp$/.test(entry.slice(name.length))) continue
    const path = join(dirname(prefix), entry)
    const fd = lockFolder(path)
    if (fd === undefined) continue
    try {
      rmSync(path, { recursive: true, force: true })
    } catch {
      // The next copy tries again.
    } finally {
      closeSync(fd)
    }
  }
}
