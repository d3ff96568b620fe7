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
import { ColdFile, ColdFileError } from './cold-file.js'
import type { ColdPosition } from './cold-item.js'
import { type FileMemory, recall } from './file-memory.js'
import { inspectHolder, type LockInspection, UNREADABLE_LOCK } from './inspect-lock.js'
import type { LockTable } from './lock-table.js'
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
export function inspectReaders(
  directory: string,
  { locks, memory }: { readonly locks: LockTable; readonly memory: FileMemory | undefined },
): ReadersInspection {
  let names: readonly string[]
  try {
    names = recall(memory, join(directory, READERS_DIRECTORY), () => readerFileNames(directory))
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
      const { reader, problem } = inspectReaderFile(join(directory, file), { name, file, locks })
      if (reader !== undefined) readers.push(reader)
      if (problem !== undefined) problems.push(problem)
    } else if (fileName.endsWith('.tmp')) problems.push(queueProblem('LEFTOVER', '', { file }))
    else if (!fileName.endsWith('.lost')) problems.push(queueProblem('READER_NAME', '', { file }))
  }
  return { readers, problems }
}

const NOTHING_SAVED = {
  position: undefined,
  lastHeartbeatNs: undefined,
  lastCommitNs: undefined,
  generation: undefined,
  legacy: false,
}

interface FoundFile {
  readonly reader?: ReaderFileInspection
  /** Of a file that registers no reader. */
  readonly problem?: QueueProblem
}

/** Finds nothing where the file is gone by now, or where an open is at work that has not saved a position yet. */
function inspectReaderFile(
  path: string,
  { name, file, locks }: { readonly name: string; readonly file: string; readonly locks: LockTable },
): FoundFile {
  let lock: LockInspection = UNREADABLE_LOCK
  let opened: ColdFile | undefined
  try {
    opened = ColdFile.open(path)
    if (opened === undefined) return {}
    // The file is locked itself, and what it holds is the position.
    lock = inspectHolder(opened, locks)
    const bytes = opened.readStart(POSITION_LENGTH + 1)
    if (!isBlankPosition(bytes)) return { reader: describeReader(bytes, { name, file, lock }) }
    return lock.held === true ? {} : { problem: queueProblem('LEFTOVER', NO_POSITION, { file }) }
  } catch (error) {
    const errno = error instanceof ColdFileError ? error.reason : String(error)
    return { reader: { name, file, ...NOTHING_SAVED, lock, problem: queueProblem('FILE_UNREADABLE', errno, { file }) } }
  } finally {
    opened?.close()
  }
}

function describeReader(
  bytes: Buffer,
  { name, file, lock }: Pick<ReaderFileInspection, 'name' | 'file' | 'lock'>,
): ReaderFileInspection {
  const saved = decodePosition(bytes, checksum)
  if (saved === 'bad') {
    const problem = queueProblem('READER_BAD', `It has ${bytes.length} bytes`, { file })
    return { name, file, ...NOTHING_SAVED, lock, problem }
  }
  const { segmentId, offset, heartbeatNs, generation, legacy } = saved
  const lastHeartbeatNs = heartbeatNs === 0n ? undefined : heartbeatNs
  const lastCommitNs = decodeCommitNs(bytes, checksum) || undefined
  const times = { lastHeartbeatNs, lastCommitNs }
  return { name, file, position: { segmentId, offset }, ...times, generation, legacy, lock, problem: undefined }
}
