import { closeSync, ftruncateSync, readSync, writeSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import { LOCK_RETRY_MS, RETRY_PAUSE_MS } from '../defaults.js'
import { fromSystemError, WriterActiveError } from '../errors/index.js'
import { formatLockRecord, LOCK_FILE, LOCK_RECORD_LENGTH_MAX, type LockRecord, parseLockRecord } from '../format/index.js'
import { processAgeMs, processStartTime } from './machine.js'
import { pause } from './pause.js'
import type { QueueDirectory } from './queue-directory.js'
import { openRegularFile } from './regular-file.js'

/**
 * The writer's claim on a queue: an exclusive `flock` on `writer.lock`, which the kernel drops however the process ends. The text in the file
 * only explains who holds it.
 */
export class WriterLock {
  private constructor(
    readonly directory: QueueDirectory,
    readonly previous: LockRecord | undefined,
    readonly fd: number,
  ) {}

  /**
   * Takes the lock. A lock that is held although its recorded holder is dead, or unknown, is tried again for a moment: liveness probes of
   * readers hold it for microseconds.
   *
   * @throws {@link WriterActiveError} `ERR_WRITER_ACTIVE` with pid and start time of the holder, and how that is known.
   */
  static acquire(directory: QueueDirectory): WriterLock {
    const fd = openLockFile(directory)
    const deadline = performance.now() + LOCK_RETRY_MS
    try {
      while (!binding.tryLock(fd, true)) {
        const holder = readLockRecord(fd)
        if (performance.now() >= deadline || isRunning(holder)) throw writerActive(directory.path, holder)
        pause(RETRY_PAUSE_MS)
      }
      return new WriterLock(directory, readLockRecord(fd), fd)
    } catch (cause) {
      closeSync(fd)
      throw fromSystemError(cause, { path: directory.describe(LOCK_FILE) })
    }
  }

  /** Says in the file who holds the lock. */
  writeRecord(epoch: number): void {
    const startTime = processStartTime(process.pid) ?? 0
    ftruncateSync(this.fd, 0)
    writeSync(this.fd, formatLockRecord({ pid: process.pid, startTime, epoch }), 0)
  }

  /** Clears the record and lets go. */
  release(): void {
    try {
      ftruncateSync(this.fd, 0)
    } finally {
      // Lets go of the lock.
      closeSync(this.fd)
    }
  }
}

function openLockFile(directory: QueueDirectory): number {
  try {
    return openRegularFile(directory.at(LOCK_FILE), 'create')
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(LOCK_FILE) })
  }
}

function readLockRecord(fd: number): LockRecord | undefined {
  const bytes = Buffer.alloc(LOCK_RECORD_LENGTH_MAX)
  return parseLockRecord(bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0)))
}

function isRunning(record: LockRecord | undefined): boolean {
  return record !== undefined && processStartTime(record.pid) === record.startTime
}

function writerActive(directory: string, holder: LockRecord | undefined): WriterActiveError {
  if (holder === undefined) return new WriterActiveError({ directory, how: 'the lock is held, its record is empty' })
  const { pid, startTime } = holder
  if (!isRunning(holder))
    return new WriterActiveError({ directory, pid, startTime, how: 'the lock is held, by a process not visible here' })
  const how = pid === process.pid ? 'the lock is held by this process' : 'the lock is held by a running process'
  return new WriterActiveError({ directory, pid, startTime, sinceMs: processAgeMs(startTime), how })
}

/** Whether somebody writes to a queue, and how that is known. */
export interface LockState {
  readonly held: boolean
  readonly record: LockRecord | undefined
}

/**
 * Looks whether a writer holds the lock, without disturbing one: a shared, non-blocking try on a descriptor of its own, given back at once. Works
 * across pid namespaces, where process ids say nothing. `undefined` when there is no lock file.
 */
export function probeWriterLock(directory: QueueDirectory): LockState | undefined {
  let fd: number
  try {
    fd = openRegularFile(directory.at(LOCK_FILE), 'read')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fromSystemError(cause, { path: directory.describe(LOCK_FILE) })
  }
  try {
    const free = binding.tryLock(fd, false)
    if (free) binding.unlock(fd)
    return { held: !free, record: readLockRecord(fd) }
  } finally {
    closeSync(fd)
  }
}
