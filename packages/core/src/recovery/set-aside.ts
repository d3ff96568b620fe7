import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fromSystemError } from '../errors/index.js'

/** The folder inside a queue where everything is kept that recovery or repair took out of it. */
export const QUARANTINE_DIRECTORY = 'quarantine'

/** What recovery takes out of a queue is kept here, under a name that says what it was and when. Nothing is ever destroyed. */
export function quarantinePath(directory: string, name: string): string {
  const folder = join(directory, QUARANTINE_DIRECTORY)
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw fromSystemError(cause, { path: folder })
  }
  return join(folder, `${new Date().toISOString().replaceAll(':', '')}-${process.pid}-${name}`)
}

/** Moves a file of the queue aside; returns where it is now. */
export function setFileAside(directory: string, path: string): string {
  const to = quarantinePath(directory, basename(path))
  renameSync(path, to)
  return to
}

/** Keeps a copy of bytes that are about to be overwritten; returns where. */
export function setBytesAside(directory: string, name: string, bytes: Uint8Array): string {
  const to = quarantinePath(directory, name)
  writeFileSync(to, bytes)
  return to
}
