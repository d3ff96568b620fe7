import { closeSync, fsyncSync, linkSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fromSystemError } from '../errors/index.js'
import { makeFile } from '../files/make-file.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { openPath } from '../files/regular-file.js'
import { writeWhole } from '../files/whole-transfer.js'
import { QUARANTINE_DIRECTORY } from '../format/index.js'

let entryCount = 0

/** A name that no other entry has: says what the file was, when it was set aside and by which process. The names of one process sort in the order in which it made them. */
export function quarantineName(name: string): string {
  entryCount++
  const count = String(entryCount).padStart(6, '0')
  return `${new Date().toISOString().replaceAll(':', '')}-${process.pid}-${count}-${basename(name)}`
}

/**
 * Returns a new name in the quarantine, relative to the queue's directory, for what recovery or repair takes out of the queue. The folder exists then, the file does
 * not.
 */
export function quarantineEntry(directory: QueueDirectory, name: string): string {
  directory.makeFolder(QUARANTINE_DIRECTORY).close()
  return join(QUARANTINE_DIRECTORY, quarantineName(name))
}

/** The path of an entry for messages. */
export function describeEntry(directory: QueueDirectory, entry: string): string {
  return directory.describe(join(QUARANTINE_DIRECTORY, entry))
}

/** Moves a file of the queue aside, named relative to the queue's directory; returns where it is now. The move is on the disk when this returns. */
export function setFileAside(directory: QueueDirectory, name: string): string {
  const entry = quarantineName(name)
  const isLinked = linkAside(directory, name, entry)
  moveAside(directory, name, entry, isLinked)
  return describeEntry(directory, entry)
}

/**
 * Gives a file of the queue a second name in the quarantine, which is on the disk when this returns. The file itself stays where it is until {@link moveAside}.
 *
 * @returns false for what cannot have two names: a directory, or a file on a file system without them.
 */
export function linkAside(directory: QueueDirectory, name: string, entry: string): boolean {
  return inQuarantine(directory, entry, (folder) => {
    try {
      linkSync(directory.at(name), folder.at(entry))
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code !== 'EPERM' && code !== 'EOPNOTSUPP' && code !== 'EMLINK') throw cause
      return false
    }
    syncFile(folder.at(entry))
    return true
  })
}

/** Takes a file out of the queue that {@link linkAside} gave a second name, or moves the one that can have only one. */
export function moveAside(directory: QueueDirectory, name: string, entry: string, isLinked: boolean): void {
  inQuarantine(directory, entry, (folder) => {
    if (isLinked) unlinkSync(directory.at(name))
    else renameSync(directory.at(name), folder.at(entry))
  })
}

/** Keeps a copy of bytes that are about to be overwritten; returns where. The copy is on the disk when this returns. */
export function setBytesAside(directory: QueueDirectory, name: string, bytes: Uint8Array): string {
  const entry = quarantineName(name)
  keepBytes(directory, entry, bytes)
  return describeEntry(directory, entry)
}

/** {@link setBytesAside} under a name that was chosen before. Leaves nothing when it fails. */
export function keepBytes(directory: QueueDirectory, entry: string, bytes: Uint8Array): void {
  inQuarantine(directory, entry, (folder) => makeFile(folder, entry, (fd) => writeWhole(fd, bytes, 0)))
}

/** Undoes {@link moveAside}. */
export function moveBack(directory: QueueDirectory, name: string, entry: string): void {
  inQuarantine(directory, entry, (folder) => renameSync(folder.at(entry), directory.at(name)))
}

/** Takes back what an open that failed put into the quarantine. */
export function removeEntry(directory: QueueDirectory, entry: string): void {
  directory.inFolder(QUARANTINE_DIRECTORY, (folder) => rmSync(folder.at(entry), { force: true }))
}

/** Runs with the folder held, made when it is missing, and syncs the folder and its name afterwards. */
function inQuarantine<Result>(directory: QueueDirectory, entry: string, work: (folder: QueueDirectory) => Result): Result {
  using folder = directory.makeFolder(QUARANTINE_DIRECTORY)
  try {
    const result = work(folder)
    folder.sync()
    directory.sync()
    return result
  } catch (cause) {
    throw fromSystemError(cause, { path: folder.describe(entry) })
  }
}

/** What cannot be opened for reading keeps its name only. */
function syncFile(path: string): void {
  let fd: number
  try {
    fd = openPath(path, 'read')
  } catch {
    return
  }
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
