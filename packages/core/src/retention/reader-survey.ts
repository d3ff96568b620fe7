import { closeSync, fstatSync, readFileSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import { fromSystemError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { openPath } from '../files/regular-file.js'
import { POSITION_LENGTH, READERS_DIRECTORY, readerFileName } from '../format/index.js'
import { readersIn } from '../reader/position-survey.js'

/** A registered reader as retention sees it. */
export interface SurveyedReader {
  readonly name: string
  /** The segment of its saved position; 0 when it is not known, so that it pins everything (L11). */
  readonly segmentId: number
  readonly offset: number
  readonly heartbeatNs: bigint
  /** Whether some process holds the reader's lock: decided by the kernel, not by data flow (L17). */
  readonly running: boolean
  /** `registering`: its file is still empty, or of zeros. `bad`: no slot of it is valid. */
  readonly state: 'valid' | 'registering' | 'bad'
}

/**
 * Looks at all registered readers. A file that is empty, or of zeros, and that nobody holds is left from an open that died, or lost its power, before it had a
 * position: it promised nothing and is passed over.
 */
export function surveyReaders(directory: QueueDirectory): SurveyedReader[] {
  return directory.inFolder(READERS_DIRECTORY, surveyFolder) ?? []
}

function surveyFolder(folder: QueueDirectory): SurveyedReader[] {
  const surveyed: SurveyedReader[] = []
  for (const { name, position } of readersIn(folder)) {
    const file = lookAtFile(folder, readerFileName(name))
    if (file === undefined || (file.isBlank && !file.running)) continue
    if (position === 'bad') {
      const state = file.isBlank ? 'registering' : 'bad'
      surveyed.push({ name, segmentId: 0, offset: 0, heartbeatNs: 0n, running: file.running, state })
    } else {
      const { segmentId, offset, heartbeatNs } = position
      surveyed.push({ name, segmentId, offset, heartbeatNs, running: file.running, state: 'valid' })
    }
  }
  return surveyed
}

function lookAtFile(folder: QueueDirectory, fileName: string): { isBlank: boolean; running: boolean } | undefined {
  let fd: number
  try {
    fd = openPath(folder.at(fileName), 'read')
  } catch (cause) {
    // Unregistered since the listing. Whoever cannot be looked at for another reason may still need everything.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fromSystemError(cause, { path: folder.describe(fileName) })
  }
  try {
    const free = binding.tryLock(fd, false)
    if (free) binding.unlock(fd)
    return { isBlank: isBlank(fd), running: !free }
  } finally {
    closeSync(fd)
  }
}

function isBlank(fd: number): boolean {
  const stat = fstatSync(fd)
  if (!stat.isFile()) return false
  const { size } = stat
  return size === 0 || (size === POSITION_LENGTH && readFileSync(fd).every((byte) => byte === 0))
}
