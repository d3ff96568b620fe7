import { constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { closeQuietly } from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'

/**
 * O_NONBLOCK: a named pipe in the place of a file must not hang its reader. It has no effect on regular files. O_NOFOLLOW: a link in the place of a file leads out of the queue, and one without a target
 * would pass for a file that is missing.
 */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_NOFOLLOW

/** Bytes that one system call is asked for: the kernel takes no more than 2 GiB at once, nor does `node:fs`. */
const READ_LENGTH_MAX = 1 << 30

/**
 * A file that could not be opened or read. It has the form of a system error of Node, which `fromSystemError` makes the queue's error of. Inside this package it is damage to
 * report, and only what `codedError` made of it leaves.
 *
 * @internal
 */
export class ColdFileError extends Error {
  override readonly name = 'ColdFileError'
  readonly path: string
  readonly syscall: string
  /** The system's name of the reason ('EACCES', 'EIO', ...), or 'ENOTREG' for what is not a regular file. */
  readonly code: string

  constructor(facts: { path: string; syscall: string; code: string }, options?: ErrorOptions) {
    super(`Cannot read ${facts.path}: ${facts.code}`, options)
    this.path = facts.path
    this.syscall = facts.syscall
    this.code = facts.code
  }

  /** Whether something else stands in the place of the file: damage, and not a failure to read it. */
  get isNotAFile(): boolean {
    return this.code === 'ENOTREG' || this.code === 'ELOOP'
  }

  /** What stands in the way, in words where the system's name for it says little. */
  get reason(): string {
    if (this.code === 'ELOOP') return 'ELOOP, it is a link, which is not followed'
    return this.code === 'ENOTREG' ? 'ENOTREG, it is not a regular file' : this.code
  }
}

function failureOf(cause: unknown, path: string, syscall: string): ColdFileError {
  return new ColdFileError({ path, syscall, code: (cause as NodeJS.ErrnoException).code ?? 'EIO' }, { cause })
}

/** A regular file that is only ever read with `pread`: truncating it under us gives short reads, not a fault. */
export class ColdFile {
  private constructor(
    readonly path: string,
    readonly fd: number,
    /** What the system said of it when it was opened. */
    readonly opened: Stats,
  ) {}

  /**
   * Opens for reading; `undefined` when there is no such file.
   *
   * @throws {@link ColdFileError} when it cannot be opened, or is not a regular file (`code` 'ENOTREG').
   */
  static open(path: string): ColdFile | undefined {
    let fd: number
    try {
      fd = openSync(path, OPEN_FLAGS)
    } catch (cause) {
      const failure = failureOf(cause, path, 'open')
      if (failure.code === 'ENOENT' || failure.code === 'ENOTDIR') return undefined
      throw failure
    }
    try {
      const opened = statOf(fd, path)
      if (!opened.isFile()) throw new ColdFileError({ path, syscall: 'open', code: 'ENOTREG' })
      return new ColdFile(path, fd, opened)
    } catch (cause) {
      closeQuietly(fd)
      throw cause
    }
  }

  /**
   * What the system says of it now.
   *
   * @throws {@link ColdFileError}
   */
  stat(): Stats {
    return statOf(this.fd, this.path)
  }

  /** The first offset from `offset` on that is not in a hole of the file; `undefined` when only zeros follow. */
  dataOffset(offset: number): number | undefined {
    try {
      const found = binding.dataOffset(this.fd, offset)
      return found < 0 ? undefined : found
    } catch (cause) {
      throw failureOf(cause, this.path, 'lseek')
    }
  }

  /** Its first `length` bytes at most, of those that it had when it was opened. */
  readStart(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.min(length, this.opened.size))
    return bytes.subarray(0, this.readAt(bytes, 0))
  }

  /** Fills `into` from `offset` on; returns how many bytes there were, fewer only at the end of the file. */
  readAt(into: Uint8Array, offset: number): number {
    let count = 0
    while (count < into.length) {
      const got = this.#readOnce(into, count, offset + count)
      if (got === 0) break
      count += got
    }
    return count
  }

  close(): void {
    closeQuietly(this.fd)
  }

  #readOnce(into: Uint8Array, at: number, offset: number): number {
    try {
      return readSync(this.fd, into, at, Math.min(into.length - at, READ_LENGTH_MAX), offset)
    } catch (cause) {
      throw failureOf(cause, this.path, 'read')
    }
  }
}

/** @throws {@link ColdFileError} */
function statOf(fd: number, path: string): Stats {
  try {
    return fstatSync(fd)
  } catch (cause) {
    throw failureOf(cause, path, 'fstat')
  }
}

/** Opens a file for one question; `undefined` when there is no such file. */
export function withFile<T>(path: string, ask: (file: ColdFile) => T): T | undefined {
  const file = ColdFile.open(path)
  try {
    return file && ask(file)
  } finally {
    file?.close()
  }
}

/** The first `length` bytes of a file at most; `undefined` when there is no such file. For small files that are read whole. */
export function readColdFile(path: string, length: number): Buffer | undefined {
  return withFile(path, (file) => file.readStart(length))
}
