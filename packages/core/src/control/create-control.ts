import { renameSync, rmSync } from 'node:fs'
import { fromSystemError } from '../errors/index.js'
import { makeFile } from '../files/make-file.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { writeWhole } from '../files/whole-transfer.js'
import { CONTROL_FILE, CONTROL_TEMPORARY_FILE, encodeControl, type NewControlBlock } from '../format/index.js'

/**
 * Writes `control.meta` in one step: filled and synced under a temporary name, then renamed, then the directory synced. Its first segment is there
 * already, so a process that sees the control block can open the queue (L8).
 */
export function createControl(directory: QueueDirectory, control: NewControlBlock): void {
  writeTemporaryControl(directory, encodeControl(control))
  publishControl(directory)
}

/** The first half of {@link createControl}: the block is on the disk under its temporary name. */
export function writeTemporaryControl(directory: QueueDirectory, bytes: Uint8Array): void {
  try {
    makeFile(directory, CONTROL_TEMPORARY_FILE, (fd) => writeWhole(fd, bytes, 0))
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(CONTROL_TEMPORARY_FILE) })
  }
}

/** The second half: the block takes its name, from any file that has it. */
export function publishControl(directory: QueueDirectory): void {
  try {
    renameSync(directory.at(CONTROL_TEMPORARY_FILE), directory.at(CONTROL_FILE))
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(CONTROL_TEMPORARY_FILE) })
  }
  directory.sync()
}

/** Deletes a block that was written and never published. */
export function removeTemporaryControl(directory: QueueDirectory): void {
  rmSync(directory.at(CONTROL_TEMPORARY_FILE), { force: true })
}
