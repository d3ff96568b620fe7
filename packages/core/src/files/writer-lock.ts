import { closeSync, ftruncateSync } from 'node:fs'
import { binding } from '@chronicle-ts/native'
import { BACKGROUND_TIMEOUT_MS, LOCK_PATIENCE_MS, LOCK_RETRY_MS, LOCK_SECOND_LOOK_MS } from '../defaults.js'
import { fromSystemError, isQueueError, LockLostError, WriterActiveError } from '../errors/index.js'
import {
  formatLockRecord,
  LOCK_FILE,
  LOCK_RECORD_LENGTH_MAX,
  type LockRecord,
  parseBackgroundWork,
  parseLockRecord,
} from '../format/index.js'
import { closeQuietly } from './close-quietly.js'
import { processAgeMs, processStartTime } from './machine.js'
import type { QueueDirectory } from './queue-directory.js'
import { openRegularFile } from './regular-file.js'
import { takeLock } from './take-lock.js'
import { readWhole, writeWhole } from './whole-transfer.js'

/**
 * The writer's claim on a queue: an exclusive `flock` on `writer.lock`, which the kernel drops however the process ends. The text in the file
 * only names the process that holds it.
 *
 * The lock is shared with the background work of its writer, by {@link hold}: it is free when the writer has let go **and** the last job has ended. It counts only as long
 * as the file of that name in the directory is the one that is locked.
 */
export class WriterLock {
  #isReleased = false

  private constructor(
    readonly directory: QueueDirectory,
    readonly previous: LockRecord | undefined,
    readonly fd: number,
    /** What jobs of the addon carry, see `Binding.openHold`. */
    readonly hold: number,
  ) {}

  /**
   * Takes the lock. Retries while the lock is held by liveness probes, by background work of a writer that has ended, or by a process that is dead or not visible. A writer
   * that runs is reported after {@link LOCK_SECOND_LOOK_MS}.
   *
   * @throws {@link WriterActiveError} `ERR_WRITER_ACTIVE` with pid and start time of the holder, and how that is known.
   */
  static acquire(directory: QueueDirectory): WriterLock {
    const begun = performance.now()
    for (;;) {
      const lock = WriterLock.#tryAcquire(directory, begun)
      if (lock !== undefined) return lock
    }
  }

  /** `undefined`: the file was replaced between opening and locking it, so that the lock is on another. */
  static #tryAcquire(directory: QueueDirectory, begun: number): WriterLock | undefined {
    const fd = openLockFile(directory)
    try {
      lockFile(directory, fd, begun)
      const lock = new WriterLock(directory, parseLockRecord(readText(fd)), fd, binding.openHold(fd, directory.fd, LOCK_FILE))
      if (lock.isHeld()) return lock
      lock.release({ clears: false })
      return undefined
    } catch (cause) {
      closeSync(fd)
      throw fromSystemError(cause, { path: directory.describe(LOCK_FILE) })
    }
  }

  /** Whether the lock file at its name is still the one that is locked. Costs two system calls. */
  isHeld(): boolean {
    return binding.holdCheck(this.hold) === 0
  }

  /** The error for a lock that is not held any more. */
  lostError(): LockLostError {
    return new LockLostError({ directory: this.directory.path, detail: `${LOCK_FILE} was deleted or replaced` })
  }

  /** Says in the file which process holds the lock. In place: a file that is emptied first gives its block back, and a full disk does not return it. */
  writeRecord(epoch: number): void {
    const startTime = processStartTime(process.pid) ?? 0
    const record = formatLockRecord({ pid: process.pid, startTime, epoch })
    try {
      writeWhole(this.fd, Buffer.from(record, 'latin1'), 0)
      ftruncateSync(this.fd, record.length)
    } catch (cause) {
      // An empty file of an earlier version. The record only explains: no reason to refuse a writer, which may be the one that makes room.
      if (!isQueueError(fromSystemError(cause), 'ERR_NO_SPACE')) throw cause
    }
  }

  /**
   * Lets go, and clears the record unless an option says otherwise. Waits for background work; what does not end in time keeps the lock until it does. Never throws for the text,
   * which only explains. Idempotent.
   */
  release({ clears = true, timeoutMs = BACKGROUND_TIMEOUT_MS } = {}): void {
    if (this.#isReleased) return
    this.#isReleased = true
    // The hold has a descriptor of its own, which keeps the lock.
    closeQuietly(this.fd)
    binding.closeHold(this.hold, clears, timeoutMs)
  }
}

function openLockFile(directory: QueueDirectory): number {
  try {
    return openRegularFile(directory.at(LOCK_FILE), 'create', directory.fileMode)
  } catch (cause) {
    throw fromSystemError(cause, { path: directory.describe(LOCK_FILE) })
  }
}

function lockFile(directory: QueueDirectory, fd: number, begun: number): void {
  if (!takeLock(fd, () => patienceMs(readText(fd)), begun)) throw writerActive(directory.path, readText(fd))
}

/** How long to retry a lock that another process holds. */
function patienceMs(text: string): number {
  if (parseBackgroundWork(text) !== undefined) return LOCK_PATIENCE_MS
  return isRunning(parseLockRecord(text)) ? LOCK_SECOND_LOOK_MS : LOCK_RETRY_MS
}

function readText(fd: number): string {
  const bytes = Buffer.alloc(LOCK_RECORD_LENGTH_MAX)
  return bytes.toString('latin1', 0, readWhole(fd, bytes, 0))
}

function isRunning(record: LockRecord | undefined): boolean {
  return record !== undefined && processStartTime(record.pid) === record.startTime
}

function writerActive(directory: string, text: string): WriterActiveError {
  const holder = parseLockRecord(text)
  const work = parseBackgroundWork(text)
  const background = work === undefined ? undefined : `background work of a writer that has ended still goes on: ${work}`
  if (holder === undefined)
    return new WriterActiveError({ directory, how: background ?? 'the lock is held, its record is empty' })
  const { pid, startTime } = holder
  if (!isRunning(holder))
    return new WriterActiveError({
      directory,
      pid,
      startTime,
      how: background ?? 'the lock is held, by a process not visible here',
    })
  const how = background ?? (pid === process.pid ? 'the lock is held by this process' : 'the lock is held by a running process')
  return new WriterActiveError({ directory, pid, startTime, sinceMs: processAgeMs(startTime), how })
}

/** Whether a writer has a queue open, and how that is known. */
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
    return { held: !free, record: parseLockRecord(readText(fd)) }
  } finally {
    closeSync(fd)
  }
}
