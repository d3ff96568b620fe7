import { type BigIntStats, constants, fstatSync, lstatSync, openSync, readlinkSync, statSync, unlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LinkError } from '@chronicle-ts/core'
import { closeQuietly, fromSystemError, readWhole, replaceFile } from '@chronicle-ts/core/internal'

/** Markers are a few hundred bytes; a larger file is of another program and not read. */
const MARKER_LENGTH_MAX = 4096

/** A named pipe in the place of a marker must not hang its reader, and a link is not followed. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_NOFOLLOW

/**
 * Replaces a marker in one step: a reader sees the old one or the new one, never half of one. Not synced: a marker is about a running process,
 * and no process outlives a power cut.
 *
 * A symbolic link in the place of the marker is refused (`ERR_LINK`). One in the place of the temporary file is deleted like any crash leftover, and the file is
 * made with `O_EXCL`, so that nothing is ever written through a link.
 */
export function replaceMarker(path: string, temporaryPath: string, content: string): void {
  refuseLink(path)
  try {
    replaceFile(path, content, { temporary: temporaryPath })
  } catch (cause) {
    throw fromSystemError(cause, { path: readablePath(path) })
  }
}

/** Whether a symbolic link stands at this path, wherever it leads. */
export function isSymbolicLink(path: string): boolean {
  return statsOf(path)?.isSymbolicLink() === true
}

/** @throws {@link LinkError} `ERR_LINK`: a symbolic link stands at this path. */
export function refuseLink(path: string): void {
  if (!isSymbolicLink(path)) return
  throw new LinkError({ path: readablePath(path) })
}

/** A path below a held directory's descriptor, as a person knows it. */
function readablePath(path: string): string {
  if (!path.startsWith('/proc/self/fd/')) return path
  try {
    return join(readlinkSync(dirname(path)), basename(path))
  } catch {
    return path
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

/** The text of a marker, `undefined` when there is none. Anything but a small regular file, links included, reads as empty. */
export function readMarker(path: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, OPEN_FLAGS)
  } catch (cause) {
    if (isAbsence(cause)) return undefined
    if ((cause as NodeJS.ErrnoException).code === 'ELOOP') return ''
    throw fromSystemError(cause, { path })
  }
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile() || stats.size > MARKER_LENGTH_MAX) return ''
    const bytes = Buffer.alloc(stats.size)
    return bytes.toString('utf8', 0, readWhole(fd, bytes, 0))
  } catch (cause) {
    throw fromSystemError(cause, { path })
  } finally {
    closeQuietly(fd)
  }
}

/**
 * What distinguishes the small file at a path from the next one there, or from its own next content: device, inode, modification time and length. `undefined` when
 * there is no regular file. A symbolic link does not count as one.
 */
export function fileStamp(path: string): string | undefined {
  const stats = statsOf(path)
  return stats?.isFile() === true ? `${stats.dev}:${stats.ino}:${stats.mtimeNs}:${stats.size}` : undefined
}

/**
 * What distinguishes a directory, or a file that changes in place, from another one at the same path, also from one that was made after it was deleted. File systems give the
 * inode of what is deleted to what is made next. `undefined` when there is none of that kind. Links to directories are followed, links to files are not.
 */
export function birthStamp(path: string, kind: 'file' | 'directory'): string | undefined {
  const stats = kind === 'file' ? statsOf(path) : targetStatsOf(path)
  const isOfKind = kind === 'file' ? stats?.isFile() : stats?.isDirectory()
  return isOfKind === true ? `${stats?.dev}:${stats?.ino}:${stats?.birthtimeNs}` : undefined
}

function statsOf(path: string): BigIntStats | undefined {
  return quietAbout(path, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }))
}

function targetStatsOf(path: string): BigIntStats | undefined {
  return quietAbout(path, () => statSync(path, { bigint: true, throwIfNoEntry: false }))
}

function quietAbout(path: string, look: () => BigIntStats | undefined): BigIntStats | undefined {
  try {
    return look()
  } catch (cause) {
    if (isAbsence(cause)) return undefined
    throw fromSystemError(cause, { path })
  }
}

function isAbsence(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
