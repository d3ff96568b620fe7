import { join } from 'node:path'
import {
  decodeCommitNs,
  decodePosition,
  isBlankPosition,
  POSITION_LENGTH,
  parseReaderFileName,
  READERS_DIRECTORY,
} from '@chronicle-ts/core/internal'
import { checksum } from './checksum.js'
import { ColdFileError, readColdFile } from './cold-file.js'
import type { ColdPosition } from './cold-item.js'
import { inspectLock, type LockInspection, type LockTable } from './inspect-lock.js'
import { type QueueProblem, queueProblem } from './queue-problem.js'
import { readerFileNames } from './reader-file-names.js'

/** A registered reader as its file describes it. */
export interface ReaderFileInspection {
  readonly name: string
  /** Path relative to the queue's directory. */
  readonly file: string
  /** Where it goes on; `undefined` when the file is damaged or unreadable. */
  readonly position: ColdPosition | undefined
  /** When its file was saved last, by a commit or by a reader that waits; `undefined` when the file does not have it. */
  readonly lastHeartbeatNs: bigint | undefined
  /** When it last committed, or had nothing to read; `undefined` when the file does not have it. */
  readonly lastCommitNs: bigint | undefined
  readonly generation: number | undefined
  /** A file of the first versions of the format, 8 or 16 bytes. */
  readonly legacy: boolean
  /** The lock that a named reader holds while it lives. Readers of the base format take none. */
  readonly lock: LockInspection
  readonly problem: QueueProblem | undefined
}

/** What stands in `readers/`. */
export interface ReadersInspection {
  readonly readers: readonly ReaderFileInspection[]
  readonly problems: readonly QueueProblem[]
}

const NO_POSITION = 'The open of a reader failed, or lost its power, before it had a position; the name registers nothing'

/** Reads the files of all registered readers, by name. Never throws. */
export function inspectReaders(directory: string, locks: LockTable): ReadersInspection {
  let names: string[]
  try {
    names = readerFileNames(directory)
  } catch (error) {
    const reason = error instanceof ColdFileError ? error.reason : String(error)
    return { readers: [], problems: [queueProblem('FILE_UNREADABLE', reason, { file: READERS_DIRECTORY })] }
  }
  const readers: ReaderFileInspection[] = []
  const problems: QueueProblem[] = []
  for (const fileName of names) {
    const name = parseReaderFileName(fileName)
    const file = `${READERS_DIRECTORY}/${fileName}`
    if (name !== undefined) {
      const path = join(directory, file)
      if (!isBlank(path)) readers.push(inspectReaderFile(path, { name, file, locks }))
      else if (inspectLock(path, locks).held !== true) problems.push(queueProblem('LEFTOVER', NO_POSITION, { file }))
    } else if (fileName.endsWith('.tmp')) problems.push(queueProblem('LEFTOVER', '', { file }))
    else if (!fileName.endsWith('.lost')) problems.push(queueProblem('READER_NAME', '', { file }))
  }
  return { readers, problems }
}

/** Whether an open has made the file and saved no position in it. What cannot be read is reported by {@link inspectReaderFile}. */
function isBlank(path: string): boolean {
  try {
    const bytes = readColdFile(path, POSITION_LENGTH + 1)
    return bytes !== undefined && isBlankPosition(bytes)
  } catch {
    return false
  }
}

function inspectReaderFile(
  path: string,
  { name, file, locks }: { readonly name: string; readonly file: string; readonly locks: LockTable },
): ReaderFileInspection {
  const nothing = {
    position: undefined,
    lastHeartbeatNs: undefined,
    lastCommitNs: undefined,
    generation: undefined,
    legacy: false,
  }
  // The file is locked itself, and what it holds is the position.
  const lock = { ...inspectLock(path, locks), recordIsBad: false }
  try {
    const bytes = readColdFile(path, POSITION_LENGTH + 1) ?? Buffer.alloc(0)
    const saved = decodePosition(bytes, checksum)
    if (saved === 'bad') {
      const problem = queueProblem('READER_BAD', `It has ${bytes.length} bytes`, { file })
      return { name, file, ...nothing, lock, problem }
    }
    const { segmentId, offset, heartbeatNs, generation, legacy } = saved
    const lastHeartbeatNs = heartbeatNs === 0n ? undefined : heartbeatNs
    const lastCommitNs = decodeCommitNs(bytes, checksum) || undefined
    const times = { lastHeartbeatNs, lastCommitNs }
    return { name, file, position: { segmentId, offset }, ...times, generation, legacy, lock, problem: undefined }
  } catch (error) {
    const errno = error instanceof ColdFileError ? error.reason : String(error)
    return { name, file, ...nothing, lock, problem: queueProblem('FILE_UNREADABLE', errno, { file }) }
  }
}
