import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fromSystemError } from '../errors/index.js'
import { syncDirectory } from '../files/sync-directory.js'
import { CONTROL_FILE, CONTROL_TEMPORARY_FILE, encodeControl, type NewControlBlock } from '../format/index.js'

/**
 * Writes `control.meta` in one step: filled and synced under a temporary name, then renamed, then the directory synced. Its first segment is there
 * already, so whoever sees the control block can open the queue (L8).
 */
export function createControl(directory: string, control: NewControlBlock): void {
  const temporary = join(directory, CONTROL_TEMPORARY_FILE)
  try {
    const fd = openSync(temporary, 'w')
    try {
      writeSync(fd, encodeControl(control))
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, join(directory, CONTROL_FILE))
  } catch (cause) {
    throw fromSystemError(cause, { path: temporary })
  }
  syncDirectory(directory)
}
