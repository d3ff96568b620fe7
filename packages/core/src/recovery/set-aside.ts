import { closeSync, fsyncSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fromSystemError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { openPath } from '../files/regular-file.js'

/** The folder inside a queue where everything is kept that recovery or repair took out of it. */
export const QUARANTINE_DIRECTORY = 'quarantine'

/** Says what the file was, when it was set aside and by which process. */
function quarantineName(name: string): string {
  return `${new Date().toISOString().replaceAll(':', '')}-${process.pid}-${name}`
}

/**
 * Returns a new name in the quarantine, relative to the queue's directory, for what recovery or repair takes out of the queue. The folder exists then, the file does
 * not.
 */
export function quarantineEntry(directory: QueueDirectory, name: string): string {
  directory.makeFolder(QUARANTINE_DIRECTORY).close()
  return join(QUARANTINE_DIRECTORY, quarantineName(name))
}

/** Moves a file of the queue aside, named relative to the queue's directory; returns where it is now. */
export function setFileAside(directory: QueueDirectory, name: string): string {
  using folder = directory.makeFolder(QUARANTINE_DIRECTORY)
  const to = quarantineName(basename(name))
  try {
    renameSync(directory.at(name), folder.at(to))
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(name) })
  }
  return folder.describe(to)
}

/** Keeps a copy of bytes that are about to be overwritten; returns where. */
export function setBytesAside(directory: QueueDirectory, name: string, bytes: Uint8Array): string {
  using folder = directory.makeFolder(QUARANTINE_DIRECTORY)
  const to = quarantineName(name)
  try {
    const fd = openPath(folder.at(to), 'createNew')
    try {
      writeFileSync(fd, bytes)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw fromSystemError(cause, { path: folder.describe(to), length: bytes.length })
  }
  return folder.describe(to)
}
