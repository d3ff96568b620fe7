import { readFileSync } from 'node:fs'
import type { DirectoryPath } from '@chronicle-ts/core'
import {
  checkMembers,
  LOCK_RECORD_LENGTH_MAX,
  type LockRecord,
  parseLockRecord,
  parseProcessStartTime,
  pathOf,
} from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'
import { ColdFile } from './cold-file.js'

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

const NO_RECORD = { pid: undefined, record: undefined, recordIsBad: false, processRuns: undefined }

/**
 * Finds out whether a lock is held without delaying another process. The kernel's list of locks is asked first, and only when it names no process (the holder may live in
 * another pid namespace) is the lock itself tried.
 *
 * @param table for looking at many files: the kernel's list as it was a moment ago. Its length grows with the locks of the whole machine.
 */
export function inspectLock(file: DirectoryPath, table: LockTable = readLockTable()): LockInspection {
  const path = pathOf(file, 'file')
  checkMembers('table', table, ['get', 'size'], 'what readLockTable returned')
  let opened: ColdFile | undefined
  try {
    opened = ColdFile.open(path)
    if (opened === undefined) return { held: false, knownBy: 'absent', ...NO_RECORD }
    return inspectOpenFile(opened, table)
  } catch {
    return { held: undefined, knownBy: 'nothing', ...NO_RECORD }
  } finally {
    opened?.close()
  }
}

/** Whether a process with this pid and start time runs; `undefined` where /proc does not have it. One that has ended but waits for its parent does not run. */
export function processRuns(pid: number, startTime: number): boolean | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? false : undefined
  }
  return parseProcessStartTime(stat) === startTime
}

function inspectOpenFile(file: ColdFile, table: LockTable): LockInspection {
  const text = Buffer.alloc(LOCK_RECORD_LENGTH_MAX)
  const content = text.subarray(0, file.readAt(text, 0)).toString('latin1')
  const record = parseLockRecord(content)
  const facts = {
    record,
    recordIsBad: record === undefined && /[^\s\0]/.test(content),
    processRuns: record === undefined ? undefined : processRuns(record.pid, record.startTime),
  }
  const holder = holderByProcLocks(file, table)
  if (holder !== undefined) return { held: true, knownBy: 'proc-locks', pid: holder, ...facts }
  return { held: heldByTrying(file), knownBy: 'lock', pid: record?.pid, ...facts }
}

/** A shared lock that is given back at once; the holder's exclusive one makes it fail. */
function heldByTrying(file: ColdFile): boolean {
  if (!binding.tryLock(file.fd, false)) return true
  binding.unlock(file.fd)
  return false
}

/** Which process holds an exclusive lock on which file, by device and inode. */
export type LockTable = ReadonlyMap<string, number>

/** Reads the kernel's list of locks. Lines look like `3: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF`. */
export function readLockTable(): LockTable {
  const table = new Map<string, number>()
  for (const line of readLocks().split('\n')) {
    const [, kind, , mode, pid, place] = line.trim().split(/\s+/)
    if (kind === 'FLOCK' && mode === 'WRITE' && place !== undefined && Number(pid) > 0) table.set(place, Number(pid))
  }
  return table
}

function readLocks(): string {
  try {
    return readFileSync('/proc/locks', 'latin1')
  } catch {
    return ''
  }
}

function holderByProcLocks(file: ColdFile, table: LockTable): number | undefined {
  const { dev, ino } = file.stat()
  return table.get(`${hexByte((dev >>> 8) & 0xfff)}:${hexByte((dev & 0xff) | ((dev >>> 12) & 0xfff00))}:${ino}`)
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0')
}
