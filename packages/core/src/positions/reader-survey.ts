import { fstatSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import { fromSystemError } from '../errors/index.js'
import { closeQuietly } from '../files/close-quietly.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import { openPath } from '../files/regular-file.js'
import { readWhole } from '../files/whole-transfer.js'
import { decodePosition, isBlankPosition, POSITION_LENGTH, parseReaderFileName, READERS_DIRECTORY } from '../format/index.js'

const crc32 = (bytes: Uint8Array): number => binding.crc32(bytes)

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
 * Looks at all registered readers. A file that is empty, or of zeros, and that no process holds is left from an open that died, or lost its power, before it had a position.
 * It promised nothing and is skipped.
 */
export function surveyReaders(directory: QueueDirectory): SurveyedReader[] {
  return directory.inFolder(READERS_DIRECTORY, surveyFolder) ?? []
}

function surveyFolder(folder: QueueDirectory): SurveyedReader[] {
  const surveyed: SurveyedReader[] = []
  for (const fileName of folder.names().sort()) {
    const name = parseReaderFileName(fileName)
    if (name === undefined) continue
    const reader = lookAtFile(folder, fileName, name)
    if (reader !== undefined) surveyed.push(reader)
  }
  return surveyed
}

/** One open for everything: with hundreds of readers the system calls are what a survey costs. */
function lookAtFile(folder: QueueDirectory, fileName: string, name: string): SurveyedReader | undefined {
  let fd: number
  try {
    fd = openPath(folder.at(fileName), 'read')
  } catch (cause) {
    // Unregistered since the listing. A reader that cannot be looked at for another reason may still need everything.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fromSystemError(cause, { path: folder.describe(fileName) })
  }
  try {
    const free = binding.tryLock(fd, false)
    if (free) binding.unlock(fd)
    return surveyed(name, contentOf(fd), !free)
  } catch (cause) {
    throw fromSystemError(cause, { path: folder.describe(fileName) })
  } finally {
    closeQuietly(fd)
  }
}

/** More than a position file may have, or `undefined` for what is not a file. */
function contentOf(fd: number): Buffer | undefined {
  if (!fstatSync(fd).isFile()) return undefined
  const bytes = Buffer.alloc(POSITION_LENGTH + 1)
  return bytes.subarray(0, readWhole(fd, bytes, 0))
}

function surveyed(name: string, content: Buffer | undefined, running: boolean): SurveyedReader | undefined {
  const isBlank = content !== undefined && isBlankPosition(content)
  if (isBlank && !running) return undefined
  const position = content === undefined || isBlank ? 'bad' : decodePosition(content, crc32)
  if (position === 'bad')
    return { name, segmentId: 0, offset: 0, heartbeatNs: 0n, running, state: isBlank ? 'registering' : 'bad' }
  const { segmentId, offset, heartbeatNs } = position
  return { name, segmentId, offset, heartbeatNs, running, state: 'valid' }
}
