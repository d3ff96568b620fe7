import type { Stats } from 'node:fs'
import type { DirectoryPath } from '@chronicle-ts/core'
import { checkMembers, LOCK_RECORD_LENGTH_MAX, type LockRecord, parseLockRecord, pathOf } from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'
import { type ColdFile, withFile } from './cold-file.js'
import { type FileMemory, recall } from './file-memory.js'
import { type LockTable, readLockTable } from './lock-table.js'

/** Whether a process holds the lock on a file, and how that is known. */
export interface LockInspection {
  /** `undefined`: it cannot be known, for instance because the file may not be read. */
  readonly held: boolean | undefined
  /**
   * - `proc-locks`: the kernel's list of locks names a holder.
   * - `lock`: the lock was tried, shared and for an instant.
   * - `absent`: there is no such file.
   * - `nothing`: the file could not be read.
   */
  readonly knownBy: 'proc-locks' | 'lock' | 'absent' | 'nothing'
  /** The process that holds it, or that the file names; only explains. */
  readonly pid: number | undefined
  /** What the file says, when it says something valid. */
  readonly record: LockRecord | undefined
  /** The file holds text that is not a lock record. */
  readonly recordIsBad: boolean
  /** Whether the process that the record names still runs. */
  readonly processRuns: boolean | undefined
}

/** Of a file that says nothing of a process. */
const NO_RECORD = { pid: undefined, record: undefined, recordIsBad: false, processRuns: undefined }

/** Of a file that cannot be read. */
export const UNREADABLE_LOCK: LockInspection = { held: undefined, knownBy: 'nothing', ...NO_RECORD }

/**
 * Finds out whether a lock is held without delaying another process. The kernel's list of locks is asked first, and only when it names no process (the holder may live in
 * another pid namespace) is the lock itself tried.
 *
 * @param table for looking at many files: the kernel's list as it was a moment ago. Its length grows with the locks of the whole machine.
 */
export function inspectLock(file: DirectoryPath, table: LockTable = readLockTable()): LockInspection {
  checkMembers('table', table, ['holderOf', 'runs'], 'what readLockTable returned')
  return lookAtLock(pathOf(file, 'file'), table)
}

/** The same for looking again and again: a file that has not changed, and whose holder the list names, is not opened. */
export function lookAtLock(path: string, table: LockTable, memory?: FileMemory): LockInspection {
  try {
    const text = recall(memory, path, () => readLockText(path))
    if (text === undefined) return { held: false, knownBy: 'absent', ...NO_RECORD }
    const { record, recordIsBad, file } = text
    const processRuns = record && table.runs(record)
    const { held, pid } = holderOf(file, table, () => isHeld(path))
    if (pid !== undefined) return { held, knownBy: 'proc-locks', pid, record, recordIsBad, processRuns }
    return { held, knownBy: 'lock', pid: record?.pid, record, recordIsBad, processRuns }
  } catch {
    return UNREADABLE_LOCK
  }
}

/** What the file of a lock says. */
interface LockText {
  readonly file: Pick<Stats, 'dev' | 'ino'>
  readonly record: LockRecord | undefined
  readonly recordIsBad: boolean
}

function readLockText(path: string): LockText | undefined {
  return withFile(path, (file) => {
    const content = file.readStart(LOCK_RECORD_LENGTH_MAX).toString('latin1')
    const record = parseLockRecord(content)
    return { file: file.opened, record, recordIsBad: record === undefined && /[^\s\0]/.test(content) }
  })
}

function isHeld(path: string): boolean {
  return withFile(path, heldByTrying) ?? false
}

/** Whether a process holds the lock on an open file that says nothing of its holder. */
export function inspectHolder(file: ColdFile, table: LockTable): LockInspection {
  const { held, pid } = holderOf(file.opened, table, () => heldByTrying(file))
  return { held, knownBy: pid === undefined ? 'lock' : 'proc-locks', ...NO_RECORD, pid }
}

/** Tries the lock only where the list names no holder. */
function holderOf(
  file: Pick<Stats, 'dev' | 'ino'>,
  table: LockTable,
  isHeld: () => boolean,
): { readonly held: boolean; readonly pid: number | undefined } {
  const listed = table.holderOf(file)
  if (listed !== undefined) return { held: true, pid: listed }
  const held = isHeld()
  return { held, pid: held ? table.missedHolderOf(file) : undefined }
}

/** A shared lock that is given back at once; the holder's exclusive one makes it fail. */
function heldByTrying(file: ColdFile): boolean {
  if (!binding.tryLock(file.fd, false)) return true
  binding.unlock(file.fd)
  return false
}
