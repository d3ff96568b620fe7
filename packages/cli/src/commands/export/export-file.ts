import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { fromSystemError, syncDirectory } from '@chronicle-ts/core/internal'
import type { OutputStream } from '../../output/output.js'
import { realPath } from '../../real-path.js'

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/**
 * A file that takes the place of the one at its path only when it is complete: it is written under a temporary name beside it, synced and renamed. What is not a regular file (`/dev/stdout`, a
 * pipe) is written to as it is.
 */
export class ExportFile implements OutputStream {
  readonly #path: string
  readonly #temporary: string | undefined
  readonly #fd: number
  #isOpen = true
  #isCommitted = false

  /** @throws an error with a code and the path, which is that of the directory when it is missing; what stood at the path is untouched. */
  constructor(path: string) {
    // A link stays a link: what it names is replaced.
    this.#path = realPath(path)
    const before = statSync(this.#path, { throwIfNoEntry: false })
    if (before !== undefined && !before.isFile()) {
      this.#fd = this.#named(() => openSync(this.#path, constants.O_WRONLY))
      return
    }
    const temporary = `${this.#path}.${process.pid}.tmp`
    this.#temporary = temporary
    this.#fd = this.#named(() => {
      // What an earlier export of this process could not remove; `NEW_FILE` follows no link that takes its place.
      rmSync(temporary, { force: true })
      return openSync(temporary, NEW_FILE, 0o666)
    })
    try {
      if (before !== undefined) this.#takeAfter(before)
    } catch (cause) {
      this.abandon()
      throw cause
    }
  }

  /** Writes all of it; a file system that takes less than it was given is asked again, until it takes the rest or says why not. */
  write(chunk: string | Uint8Array): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    this.#named(() => {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written)
    })
    return true
  }

  /** Makes what was written the file at the path, for good. */
  commit(): void {
    const temporary = this.#temporary
    this.#named(() => {
      if (fstatSync(this.#fd).isFile()) fsyncSync(this.#fd)
      this.#close()
      if (temporary !== undefined) renameSync(temporary, this.#path)
    })
    if (temporary === undefined) return
    this.#isCommitted = true
    syncFolder(dirname(this.#path))
  }

  /** Leaves the path as it was. Without effect after {@link commit}. */
  abandon(): void {
    if (this.#isCommitted) return
    if (this.#isOpen) this.#close()
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true })
  }

  #takeAfter({ mode, uid, gid }: Stats): void {
    const temporary = this.#temporary as string
    chmodSync(temporary, mode & 0o7777)
    if (process.geteuid?.() === 0) chownSync(temporary, uid, gid)
  }

  /** An error of the system names the temporary file, or none; the user knows the path that the command was given. */
  #named<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (cause) {
      const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
      throw fromSystemError(cause, { path: isMissing ? dirname(this.#path) : this.#path })
    }
  }

  #close(): void {
    this.#isOpen = false
    closeSync(this.#fd)
  }
}

function syncFolder(path: string): void {
  try {
    syncDirectory(path)
  } catch {
    // A folder that may not be read is left to the system; the file itself is synced.
  }
}
