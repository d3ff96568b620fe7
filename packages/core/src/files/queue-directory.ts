import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fromSystemError, IoError, LinkError } from '../errors/index.js'
import { absolutePath, type DirectoryPath } from './absolute-path.js'
import { closeQuietly } from './close-quietly.js'
import { syncDirectory } from './sync-directory.js'

/** Holds a directory without the right to list it; `node:fs` has no name for this flag of open(2). */
const O_PATH = 0o10000000

/** Where a held directory is now, seen from the path under which it was opened. */
export type DirectoryPlace = 'in-place' | 'gone' | 'replaced'

/** Permissions of the files of a queue, less umask, where nothing else is said. */
export const DEFAULT_FILE_MODE = 0o666

/** Permissions of a folder whose files have these: users that may read the files may enter the folder. */
export function folderModeFor(fileMode: number): number {
  return fileMode | ((fileMode & 0o444) >> 2)
}

/**
 * A directory that is held open. Everything in it is reached through its descriptor and never through its path. When the directory is renamed, or another one takes its path,
 * an open handle stays in the directory that it opened.
 *
 * {@link at} gives a path below `/proc/self/fd`, which the kernel resolves from the descriptor, like `openat`. It works in `node:fs` and in the addon alike. Messages
 * name files by {@link describe}.
 */
export class QueueDirectory {
  readonly #dev: bigint
  readonly #ino: bigint
  readonly #anchor: string
  #isClosed = false

  private constructor(
    /** Absolute, as it was when the directory was opened. */
    readonly path: string,
    /** Opened with O_PATH: it names the directory and does nothing else. */
    readonly fd: number,
    /** Permissions of the files that are made in it, less umask. */
    readonly fileMode: number,
  ) {
    const { dev, ino } = fstatSync(fd, { bigint: true })
    this.#dev = dev
    this.#ino = ino
    this.#anchor = `/proc/self/fd/${fd}`
  }

  /**
   * Holds the directory that a path names now; the path may end in a link.
   *
   * @throws `NotFoundError` `ERR_NOT_FOUND`, `NotAQueueError` for a path that names a file, `PermissionError`, `LimitError`, and
   * {@link IoError} where `/proc` is not mounted.
   */
  static open(path: DirectoryPath, fileMode = DEFAULT_FILE_MODE): QueueDirectory {
    const absolute = absolutePath(path)
    try {
      return QueueDirectory.#hold(absolute, absolute, { flags: 0, fileMode })
    } catch (cause) {
      throw fromSystemError(cause, { path: absolute })
    }
  }

  static #hold(from: string, path: string, { flags, fileMode }: { flags: number; fileMode: number }): QueueDirectory {
    const fd = openSync(from, O_PATH | constants.O_DIRECTORY | flags)
    let directory: QueueDirectory
    try {
      directory = new QueueDirectory(path, fd, fileMode)
    } catch (cause) {
      closeSync(fd)
      throw cause
    }
    if (directory.#isReachable()) return directory
    directory.close()
    throw new IoError({ path: '/proc/self/fd', syscall: 'open', errnoName: 'ENOENT' })
  }

  /** The path of an entry for system calls; valid until {@link close}. */
  at(name: string): string {
    return `${this.#anchor}/${name}`
  }

  /** The path of the directory itself for system calls: to list it, watch it or sync it. */
  get self(): string {
    return `${this.#anchor}/.`
  }

  /** The path of an entry for messages. */
  describe(name: string): string {
    return join(this.path, name)
  }

  /** Names of all entries, in no order. @throws `PermissionError` `ERR_PERMISSION`, `LimitError` `ERR_LIMIT`, {@link IoError} `ERR_IO`. */
  names(): string[] {
    try {
      return readdirSync(this.self)
    } catch (cause) {
      throw fromSystemError(cause, { path: this.path })
    }
  }

  /**
   * Holds a folder of this directory. The caller closes it.
   *
   * @returns `undefined` when it does not exist.
   * @throws {@link LinkError} `ERR_LINK` when it is a link, `NotAQueueError` when it is a file.
   */
  folder(name: string): QueueDirectory | undefined {
    try {
      const { fileMode } = this
      return QueueDirectory.#hold(this.at(name), this.describe(name), { flags: constants.O_NOFOLLOW, fileMode })
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'ENOENT') return undefined
      // O_PATH with O_NOFOLLOW opens a link itself, which then is not a directory.
      if (code === 'ENOTDIR' && this.#isLink(name)) throw new LinkError({ path: this.describe(name) }, { cause })
      throw fromSystemError(cause, { path: this.describe(name) })
    }
  }

  /** {@link folder} that is made when it does not exist. */
  makeFolder(name: string): QueueDirectory {
    for (;;) {
      const folder = this.folder(name)
      if (folder !== undefined) return folder
      try {
        mkdirSync(this.at(name), folderModeFor(this.fileMode))
      } catch (cause) {
        // Another process made it in between.
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw fromSystemError(cause, { path: this.describe(name) })
      }
    }
  }

  /** Calls back with the folder held, or returns `undefined` when it does not exist. */
  inFolder<Result>(name: string, work: (folder: QueueDirectory) => Result): Result | undefined {
    const folder = this.folder(name)
    if (folder === undefined) return undefined
    try {
      return work(folder)
    } finally {
      folder.close()
    }
  }

  /** Makes creations and renames in the directory survive a power cut. @throws {@link IoError} `ERR_IO`, `NoSpaceError` `ERR_NO_SPACE`, `LimitError` `ERR_LIMIT`. */
  sync(): void {
    syncDirectory(this.self, this.path)
  }

  /** Where the directory is now, seen from {@link path}. Costs a system call. @throws `PermissionError`, {@link IoError}: the system does not permit the look. */
  get place(): DirectoryPlace {
    try {
      return this.#placeAt(this.path)
    } catch (cause) {
      throw fromSystemError(cause, { path: this.path })
    }
  }

  /** Whether {@link path} still names this directory, as far as the system permits to know. Costs a system call. */
  isAtItsPath(): boolean {
    try {
      return this.#placeAt(this.path) === 'in-place'
    } catch {
      // A missing right, for one, does not say that the directory is gone.
      return true
    }
  }

  /** Idempotent: the number of a closed descriptor may belong to another file. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    closeQuietly(this.fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** False where `/proc` is not mounted. */
  #isReachable(): boolean {
    try {
      return this.#placeAt(this.#anchor) === 'in-place'
    } catch {
      return true
    }
  }

  #placeAt(path: string): DirectoryPlace {
    try {
      const { dev, ino } = statSync(path, { bigint: true })
      return dev === this.#dev && ino === this.#ino ? 'in-place' : 'replaced'
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return 'gone'
      throw cause
    }
  }

  #isLink(name: string): boolean {
    return lstatSync(this.at(name), { throwIfNoEntry: false })?.isSymbolicLink() === true
  }
}
