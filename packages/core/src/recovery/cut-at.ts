import { closeSync, fdatasyncSync } from 'node:fs'
import { patchesOfMachineStop } from '../control/machine-stop.js'
import { fromSystemError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { openPath } from '../files/regular-file.js'
import { readWhole, writeWhole } from '../files/whole-transfer.js'
import { CONTROL_FILE, CONTROL_LENGTH, RECORD_HEADER_LENGTH, segmentFileName } from '../format/index.js'
import type { Place } from '../records/place.js'

/**
 * Brings a queue into the state of a stop of the machine that took everything from a record on. Recovery by the next open sets the rest aside and leads readers on, and the
 * next message gets the sequence of that record. The caller holds the writer lock. A crash in between leaves a queue that can be cut again.
 *
 * @throws the error of a call of the system that failed.
 */
export function cutAt(directory: QueueDirectory, record: Place & { readonly sequence: number }): void {
  const { sequence, segmentId, offset } = record
  change(directory, CONTROL_FILE, (fd) => {
    const control = Buffer.alloc(CONTROL_LENGTH)
    readWhole(fd, control, 0)
    for (const patch of patchesOfMachineStop(control, { sequence, segmentId, offset })) writeWhole(fd, patch.bytes, patch.offset)
  })
  change(directory, segmentFileName(segmentId), (fd) => writeWhole(fd, new Uint8Array(RECORD_HEADER_LENGTH), offset))
}

function change(directory: QueueDirectory, name: string, write: (fd: number) => void): void {
  try {
    const fd = openPath(directory.at(name), 'write')
    try {
      write(fd)
      fdatasyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(name) })
  }
}
