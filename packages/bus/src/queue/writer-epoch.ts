import { constants, openSync, statSync } from 'node:fs'
import {
  CONTROL_FILE,
  CONTROL_LENGTH,
  CONTROL_MAGIC,
  type ControlBlock,
  closeQuietly,
  decodeControl,
  fromSystemError,
  INIT_STATE_READY,
  readWhole,
  viewOf,
} from '@chronicle-ts/core/internal'

const bytes = Buffer.alloc(CONTROL_LENGTH)
const view = viewOf(bytes)

/**
 * Returns the writer epoch in a queue's control block; `undefined` when there is no finished control block.
 *
 * @throws as {@link readControlBlock}.
 */
export function readWriterEpoch(queueDirectory: string): number | undefined {
  return readControlBlock(queueDirectory)?.writerEpoch
}

/**
 * Reads a queue's control block without mapping it; `undefined` when there is none, or one that is not finished. A link in its place is not followed.
 *
 * @throws `ERR_PERMISSION`, `ERR_LIMIT`, `ERR_IO`: the system does not permit the read.
 */
export function readControlBlock(queueDirectory: string): ControlBlock | undefined {
  const path = `${queueDirectory}/${CONTROL_FILE}`
  let fd: number | undefined
  try {
    // An open that fails costs ten times as much as asking first.
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined
    // A named pipe in the place of the file must not hang its reader.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    if (readWhole(fd, bytes, 0) < CONTROL_LENGTH) return undefined
    const block = decodeControl(view)
    return block.magic === CONTROL_MAGIC && block.initState === INIT_STATE_READY ? block : undefined
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'ELOOP') return undefined
    throw fromSystemError(cause, { path })
  } finally {
    if (fd !== undefined) closeQuietly(fd)
  }
}

/** Whether some writer has made the queue, so that it can be opened for reading. */
export function queueIsThere(queueDirectory: string): boolean {
  return readWriterEpoch(queueDirectory) !== undefined
}
