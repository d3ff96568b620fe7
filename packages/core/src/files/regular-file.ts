import { constants, fstatSync, openSync } from 'node:fs'
import { closeQuietly } from './close-quietly.js'
import { readWhole } from './whole-transfer.js'

/** Without O_NONBLOCK, opening a named pipe in the place of a file would hang. With O_NOFOLLOW, opening a link is ELOOP, which is `ERR_LINK`. */
const HARMLESS = constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_NOFOLLOW

const ACCESS_FLAGS = {
  read: constants.O_RDONLY | HARMLESS,
  write: constants.O_RDWR | HARMLESS,
  create: constants.O_RDWR | constants.O_CREAT | HARMLESS,
  /** Fails with EEXIST when anything has the name. */
  createNew: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | HARMLESS,
}

/** Opens any kind of file, without waiting for another process: the caller finds out what it is. */
export function openPath(path: string, access: keyof typeof ACCESS_FLAGS, mode = 0o666): number {
  return openSync(path, ACCESS_FLAGS[access], mode)
}

/** Opens a regular file; anything else (a pipe, a device without an end, a directory) is refused with `code` 'ENOTREG'. */
export function openRegularFile(path: string, access: keyof typeof ACCESS_FLAGS, mode = 0o666): number {
  const fd = openPath(path, access, mode)
  try {
    if (fstatSync(fd).isFile()) return fd
  } catch (cause) {
    closeQuietly(fd)
    throw cause
  }
  closeQuietly(fd)
  throw Object.assign(new Error(`ENOTREG: not a regular file, open '${path}'`), { code: 'ENOTREG', syscall: 'open', path })
}

/** The first bytes of a file, at most so many: its length is not to be trusted. */
export function readRegularFile(path: string, lengthMax: number): Buffer {
  const fd = openRegularFile(path, 'read')
  try {
    const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, lengthMax))
    return bytes.subarray(0, readWhole(fd, bytes, 0))
  } finally {
    closeQuietly(fd)
  }
}
