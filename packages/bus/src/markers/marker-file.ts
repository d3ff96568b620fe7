import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { fromSystemError } from '@chronicle-ts/core'

/** Markers are a few hundred bytes; more than this is somebody else's file and not read. */
const MARKER_LENGTH_MAX = 4096

/** A named pipe in the place of a marker must not hang its reader. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/**
 * Replaces a marker in one step: whoever looks sees the old one or the new one, never half of one. Not synced: a marker speaks of a running process,
 * and no process outlives a power cut.
 */
export function replaceMarker(path: string, temporaryPath: string, content: string): void {
  try {
    writeFileSync(temporaryPath, content)
    renameSync(temporaryPath, path)
  } catch (cause) {
    throw fromSystemError(cause, { path })
  }
}

/** Removes a marker; one that is not there is fine. */
export function removeMarker(path: string): void {
  try {
    unlinkSync(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw fromSystemError(cause, { path })
  }
}

/** The text of a marker, `undefined` when there is none. Anything but a small regular file reads as empty. */
export function readMarker(path: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, OPEN_FLAGS)
  } catch (cause) {
    if (isAbsence(cause)) return undefined
    throw fromSystemError(cause, { path })
  }
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile() || stats.size > MARKER_LENGTH_MAX) return ''
    const bytes = Buffer.alloc(stats.size)
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0))
  } catch (cause) {
    throw fromSystemError(cause, { path })
  } finally {
    closeSync(fd)
  }
}

/**
 * What tells the small file at a path from the next one there, or from its own next content: device, inode, modification time and length. `undefined` when
 * there is no file.
 */
export function fileStamp(path: string): string | undefined {
  const stats = statsOf(path)
  return stats?.isFile() === true ? `${stats.dev}:${stats.ino}:${stats.mtimeNs}:${stats.size}` : undefined
}

/**
 * What tells a directory, or a file that changes in place, from another one at the same path, also from one that was made after it was deleted: file systems
 * give the inode of what is deleted to what is made next. `undefined` when there is none of that kind.
 */
export function birthStamp(path: string, kind: 'file' | 'directory'): string | undefined {
  const stats = statsOf(path)
  const isOfKind = kind === 'file' ? stats?.isFile() : stats?.isDirectory()
  return isOfKind === true ? `${stats?.dev}:${stats?.ino}:${stats?.birthtimeNs}` : undefined
}

function statsOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (cause) {
    if (isAbsence(cause)) return undefined
    throw fromSystemError(cause, { path })
  }
}

function isAbsence(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
