import { closeSync, fstatSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import { READY_TIMEOUT_MS, RETRY_PAUSE_MS } from '../defaults.js'
import { fromSystemError, NotAQueueError, NotReadyError, UnsupportedVersionError } from '../errors/index.js'
import { pause } from '../files/pause.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { openPath, openRegularFile } from '../files/regular-file.js'
import { readWhole } from '../files/whole-transfer.js'
import { probeWriterLock } from '../files/writer-lock.js'
import {
  CONTROL_FILE,
  CONTROL_LENGTH,
  CONTROL_MAGIC,
  CONTROL_VERSION,
  type ControlBlock,
  decodeControl,
  INIT_STATE_READY,
  isExistingSegmentSize,
  LOCK_FILE,
  viewOf,
} from '../format/index.js'
import { MappedControl } from './mapped-control.js'

/** A file that is shorter than the magic and the version does not identify its format. */
const FORMAT_LENGTH = 8

/** What is wrong with a control file: `absent` and `unfinished` can pass, the rest cannot. */
export type ControlState = 'ready' | 'absent' | 'unfinished' | 'blank' | 'foreign' | 'version' | 'geometry'

/** Reads the file without mapping it and says what it is. */
export function readControl(directory: QueueDirectory): {
  readonly state: ControlState
  readonly block: ControlBlock | undefined
  /** What was read, filled up with zeros. */
  readonly bytes: Uint8Array | undefined
} {
  const path = directory.describe(CONTROL_FILE)
  let fd: number
  try {
    fd = openPath(directory.at(CONTROL_FILE), 'read')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'absent', block: undefined, bytes: undefined }
    throw fromSystemError(cause, { path })
  }
  try {
    if (!fstatSync(fd).isFile()) return { state: 'foreign', block: undefined, bytes: undefined }
    const bytes = Buffer.alloc(CONTROL_LENGTH)
    const length = readWhole(fd, bytes, 0)
    const block = decodeControl(viewOf(bytes))
    return { state: classify(block, length), block, bytes }
  } catch (cause) {
    throw fromSystemError(cause, { path })
  } finally {
    closeSync(fd)
  }
}

function classify(block: ControlBlock, length: number): ControlState {
  if (length < FORMAT_LENGTH) return 'blank'
  if (block.magic === 0 && block.initState !== INIT_STATE_READY) return block.initState === 0 ? 'blank' : 'unfinished'
  if (block.magic !== CONTROL_MAGIC) return block.magic === 0 ? 'blank' : 'foreign'
  if (block.version !== CONTROL_VERSION) return 'version'
  if (length < CONTROL_LENGTH) return 'blank'
  if (block.initState !== INIT_STATE_READY) return 'unfinished'
  return isExistingSegmentSize(block.segmentSize) ? 'ready' : 'geometry'
}

/**
 * Maps the control block of a queue that some writer has created.
 *
 * @throws {@link NotAQueueError} a directory without a queue, {@link NotReadyError} creation did not end within
 * `READY_TIMEOUT_MS`, {@link UnsupportedVersionError}, `PermissionError`.
 */
export function openControl(directory: QueueDirectory, writable: boolean): MappedControl {
  const begun = performance.now()
  for (;;) {
    const { state, block } = readControl(directory)
    if (state === 'ready') return mapControl(directory, writable)
    const waitedMs = Math.round(performance.now() - begun)
    const mayPass = state === 'unfinished' || state === 'blank' || (state === 'absent' && isLocked(directory))
    if (!mayPass || waitedMs >= READY_TIMEOUT_MS) throw controlError(directory, { state, block, waitedMs })
    pause(RETRY_PAUSE_MS)
  }
}

/** Maps a control block that was read before. `name`: a block that is being rebuilt has its temporary name until the open succeeds. */
export function mapControl(directory: QueueDirectory, writable: boolean, name = CONTROL_FILE): MappedControl {
  try {
    const fd = openRegularFile(directory.at(name), writable ? 'write' : 'read')
    try {
      const { dev, ino, birthtimeNs, ctimeNs } = fstatSync(fd, { bigint: true })
      // Without a time of birth some systems report the time of the last change, which is not that of one file.
      const birthNs = birthtimeNs > 0n && birthtimeNs !== ctimeNs ? birthtimeNs : 0n
      const mapping = binding.mapFile(fd, CONTROL_LENGTH, writable)
      return new MappedControl(mapping, writable, { device: dev, inode: ino, birthNs })
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(name) })
  }
}

/** Why a control block cannot be used. */
export function controlError(
  directory: QueueDirectory,
  found: { state: ControlState; block: ControlBlock | undefined; waitedMs: number },
): NotAQueueError | NotReadyError | UnsupportedVersionError {
  const { state, block, waitedMs } = found
  switch (state) {
    case 'absent':
      return isBeingMade(directory)
        ? new NotReadyError({ directory: directory.path, initState: undefined, waitedMs })
        : new NotAQueueError({ directory: directory.path, detail: 'it has no control.meta' })
    case 'version':
      return new UnsupportedVersionError({
        path: directory.describe(CONTROL_FILE),
        version: block?.version ?? 0,
        supported: CONTROL_VERSION,
      })
    case 'foreign':
      return new NotAQueueError({ directory: directory.path, detail: 'its control.meta has an unknown magic number' })
    case 'geometry':
      return new NotAQueueError({ directory: directory.path, detail: `its segmentSize of ${block?.segmentSize} is impossible` })
    default:
      return new NotReadyError({ directory: directory.path, initState: block?.initState, waitedMs })
  }
}

/** In this order: a writer that begins after one look is seen by the next, whose lock or control block is there by then. */
function isBeingMade(directory: QueueDirectory): boolean {
  return isUntouched(directory) || isLocked(directory) || readControl(directory).state !== 'absent'
}

/** A writer that makes the queue holds the lock: the control block comes last. */
function isLocked(directory: QueueDirectory): boolean {
  try {
    return probeWriterLock(directory)?.held === true
  } catch {
    return false
  }
}

/** A writer that begins makes the directory, then the lock file, then takes the lock. */
function isUntouched(directory: QueueDirectory): boolean {
  try {
    return directory.names().every((name) => name === LOCK_FILE)
  } catch {
    return false
  }
}
