import type { AppenderOptions, NativeAppender } from './native-appender.js'
import type { NativeFileVerifier } from './native-file-verifier.js'
import type { NativePositionSaver } from './native-position-saver.js'
import type { NativeVerifier } from './native-verifier.js'

/**
 * The addon's whole surface, as TypeScript sees it. The C++ side exports exactly these names. What it creates is described in `native-appender.ts`, `native-verifier.ts`, `native-file-verifier.ts` and
 * `native-position-saver.ts`.
 *
 * Conventions
 * - A **mapping** is an `ArrayBuffer` over memory that the addon mapped. `unmap` detaches it first, so that every view of it has length
 *   0 from then on: touching unmapped memory is an error or `undefined` in JavaScript, never a crash. A mapping that is unmapped while the
 *   parker or the background thread still uses it keeps its pages until they let go.
 * - A file that shrinks under a mapping does not kill the process: the fault handler puts a zero page in place and counts the fault ({@link mappingFaults}). Appender and
 *   verifier then answer with `STATUS_FAULT`.
 * - Failing system calls throw an `Error` with `code` ('ENOSPC'), `errno` (positive), and `syscall`. Wrong argument types throw `TypeError`.
 * - Offsets, lengths, sequences are `number`s (integers below 2^53). Times on hot paths stay inside native code.
 * - Statuses are small integers or `undefined`; none of the hot functions throws, allocates or returns an object.
 */
export interface Binding {
  // -- mapping.cc ------------------------------------------------------------------------------------------------------------------
  /**
   * Maps `length` bytes of the file, shared. The caller checked the file's size. `writable` false maps PROT_READ. With `keepsDescriptor` the mapping has a descriptor of its own, by which
   * its blocks can be reserved.
   */
  mapFile(fd: number, length: number, writable: boolean, keepsDescriptor?: boolean): ArrayBuffer
  /** Reserves the blocks of this range of the mapping, so that stores into it cannot fault on a full disk. Throws ENOSPC. */
  reserveMapped(mapping: ArrayBuffer, offset: number, length: number): void
  /** Detaches and unmaps; a mapping that is already unmapped is left alone. */
  unmap(mapping: ArrayBuffer): void
  /**
   * A second `ArrayBuffer` over the pages of a mapping. The pages stay mapped until it is collected, also after `unmap`; the engine counts its length as external memory
   * and collects sooner. Detaching or transferring it leaves the first one alone. It is not an argument for other functions of the addon.
   */
  lendMapping(mapping: ArrayBuffer): ArrayBuffer
  /** Pages that had to be replaced because the file no longer backs them; 0 is healthy. */
  mappingFaults(mapping: ArrayBuffer): number
  /** One word: faults in all mappings of the process. While it does not change, no mapping needs to be asked. */
  readonly faultCount: Int32Array
  /** `MADV_POPULATE_WRITE` (writable mappings) or `MADV_POPULATE_READ`. */
  populate(mapping: ArrayBuffer, offset: number, length: number): void
  /** `madvise`; advice: 'sequential' | 'willneed' | 'dontneed' | 'hugepage' | 'normal'. */
  advise(mapping: ArrayBuffer, offset: number, length: number, advice: Advice): void
  /** `msync(MS_SYNC)`; the range is widened to whole pages. */
  syncRange(mapping: ArrayBuffer, offset: number, length: number): void
  lockMemory(mapping: ArrayBuffer): void
  unlockMemory(mapping: ArrayBuffer): void

  // -- file.cc ---------------------------------------------------------------------------------------------------------------------
  /** `fallocate(0)`: blocks are there afterwards or it throws ENOSPC. Falls back to writing zeros where the file system cannot (EOPNOTSUPP). */
  reserveBlocks(fd: number, offset: number, length: number): void
  /**
   * Reads as zeros afterwards, and its blocks are still reserved: `fallocate(ZERO_RANGE)`, or a hole that is filled again, or zeros written, whichever the file system
   * can. The file keeps its size.
   */
  zeroRange(fd: number, offset: number, length: number): void
  /**
   * `lseek(SEEK_DATA)`: the first offset from `offset` on that is not in a hole, -1 when there is none. Everything between reads as zeros. Where the file system does not say it, `offset` itself. Moves the
   * position of the descriptor, which nothing here uses.
   */
  dataOffset(fd: number, offset: number): number
  /** `renameat2(RENAME_NOREPLACE)`, with link + unlink where the file system cannot; throws EEXIST when `to` exists. */
  renameNoReplace(from: string, to: string): void
  /** `flock(LOCK_NB)`: whether the lock was taken. */
  tryLock(fd: number, exclusive: boolean): boolean
  unlock(fd: number): void

  // -- hold.cc: what a writer and its background work hold together -------------------------------------------------------------------
  /**
   * Duplicates the descriptor of a locked file and opens its directory, which gets a shared lock of its own, so that cleaners of temporary files leave it alone.
   * Returns the number of the hold. The `flock` that the file has stays until the hold is closed **and** the last job that carries it has ended, also when the thread
   * that opened it was terminated. Nothing unlocks it before.
   */
  openHold(lockFd: number, directoryFd: number, lockName: string): number
  /** 0 while the file of that name in that directory is the one that is locked; -ENOLCK when it is another or gone; -ENOENT when the hold is closed. */
  holdCheck(hold: number): number
  /**
   * The writer lets go: preparations end unpublished, other jobs are waited for up to `timeoutMs`, and those that have not begun then are dropped. Returns whether all have
   * ended. Those under way keep the lock, and a line `background <kinds>` after the record in the lock file says so until then. The end of a thread does the same without
   * waiting. `clearRecord`: the lock file is cut to an empty line when the lock is given back.
   */
  closeHold(hold: number, clearRecord: boolean, timeoutMs: number): boolean

  // -- crc.cc, clock.cc, affinity.cc, hang_up.cc -------------------------------------------------------------------------------------------------
  /** CRC-32 (IEEE) of the bytes, continued from `seed` (the CRC so far, 0 to begin). */
  crc32(bytes: Uint8Array, seed?: number): number
  /** CLOCK_REALTIME in nanoseconds. */
  realtimeNs(): bigint
  /** Pins the calling thread; throws EINVAL when none of the CPUs exists. */
  setThreadAffinity(cpus: number[]): void
  threadAffinity(): number[]
  /** Sends a line of `sd_notify(3)` to the service manager. False where none asked for it; throws where its socket refuses. */
  notifyService(state: string): boolean
  /** `poll(2)` without waiting: whether the other end of this pipe, socket or terminal is closed. False for files. Throws EBADF. */
  hasHungUp(fd: number): boolean
  /** `sched_yield`: another runnable thread may have the CPU. */
  yieldThread(): void

  // -- futex.cc: shared futexes on a 32-bit word of a mapping --------------------------------------------------------------------------
  /** Blocks the calling thread while the word equals `expected`: one of the `WAIT_*` values. `timeoutMs` may be fractional. */
  futexWait(mapping: ArrayBuffer, offset: number, expected: number, timeoutMs: number): number
  /** Wakes up to `count` waiters, in any process; returns how many. */
  futexWake(mapping: ArrayBuffer, offset: number, count: number): number
  /**
   * Blocks until any word differs from its `expected` value, or the time is over. The arrays run in parallel. `futex_waitv`; where the
   * kernel has none (ENOSYS), or beyond 128 words, it looks at all words every millisecond.
   */
  futexWaitAny(mappings: ArrayBuffer[], offsets: number[], expected: number[], timeoutMs: number): number
  /** Whether this kernel has `futex_waitv` (5.16 and later). */
  hasFutexWaitv(): boolean

  // -- parker.cc: one thread per process (per 127 words) that waits for all readers ------------------------------------------------------
  /**
   * Calls `callback(outcome)` once, on this thread's event loop, when any word differs from `expected` or after `timeoutMs`; outcome is a
   * `WAIT_*` value. Returns a token. Keeps the event loop alive until then.
   *
   * The kernel is asked to sleep on the first `sleptCount` words (default: all). All words are looked at every `pollMs` milliseconds (at least 1; default: never) by the
   * waiting thread. That is what finds a change of the other words, and one that was made without a wake. When a twentieth of the time since the call is more, up to
   * `pollMaxMs` (default:
   * `pollMs`), it looks after that.
   */
  park(
    mappings: ArrayBuffer[],
    offsets: number[],
    expected: number[],
    timeoutMs: number,
    callback: (outcome: number) => void,
    sleptCount?: number,
    pollMs?: number,
    pollMaxMs?: number,
  ): number
  /** The callback of this token is not called any more. Unknown tokens are ignored. */
  unpark(token: number): void

  // -- background.cc: two threads per process that do slow file work, each in order ------------------------------------------------------
  // Where the system gives no thread, the calling thread does the work, and the job is done when the function returns. A job with a hold keeps the writer's lock
  // until it has ended; its names are relative to the directory of the hold.
  /**
   * Queues the preparation of a segment: create `temporaryPath`, size it, reserve blocks, map it, and write `header` at 0. The file is new and never reached through a link;
   * one of that name is removed first. When `finalPath` is not empty, publish it there as {@link renameNoReplace} does. `flags` is a sum of `PREPARE_*`; `mode` is 0o666 by
   * default, less umask. Populating goes on when the job is done already, so that a caller that needs the segment at once pays only for the pages that it touches. The
   * mapping is handed over by `takeMapping`, or by {@link NativeAppender.roll}. A failed preparation removes the temporary file and maps nothing. With a hold, nothing
   * is published or removed after the lock was lost (-ENOLCK) or the hold closed (-ECANCELED). `ready` bytes are reserved and populated, all by default: the appender that takes the mapping
   * is limited to them.
   */
  backgroundPrepare(
    temporaryPath: string,
    finalPath: string,
    header: Uint8Array,
    length: number,
    flags: number,
    hold?: number,
    mode?: number,
    ready?: number,
  ): number
  /** Touches the pages of the mapping from `offset` on, whenever there is no preparation to do, until all are, the mapping is unmapped or the hold closed. */
  backgroundPopulate(mapping: ArrayBuffer, offset: number, hold?: number): number
  /** Detaches the mapping now (no view works any more) and unmaps it in the background. */
  backgroundUnmap(mapping: ArrayBuffer): number
  /** Syncs `length` bytes of the mapping from `offset`. */
  backgroundSync(mapping: ArrayBuffer, offset: number, length: number): number
  /**
   * Unlinks; a file that is not there is fine. The position files of `syncFirst` are synced before, and when one cannot be, nothing is unlinked. With a hold, nothing is
   * unlinked after the lock was lost (-ENOLCK). `after` is another unlinking that was handed over before: when that one fails, this one does nothing (-ECANCELED). A
   * job that was released counts as done.
   */
  backgroundUnlink(path: string, syncFirst?: readonly string[], hold?: number, after?: number): number
  /** Replaces a small file: writes it under its temporary name and renames it. With a hold, nothing is written after the lock was lost (-ENOLCK). Not synced. */
  backgroundReplace(temporaryPath: string, path: string, bytes: Uint8Array, hold?: number, mode?: number): number
  /** 1 done, 0 under way or queued, -errno failed. Jobs that are done stay known until `jobRelease`. */
  jobState(job: number): number
  /** Blocks the calling thread until the job is done, failed or the time is over; returns {@link jobState}. */
  jobWait(job: number, timeoutMs: number): number
  /** Calls `callback(state)` on this thread's event loop when the job is done (soon, when it is already). */
  jobNotify(job: number, callback: (state: number) => void): void
  /** The mapping that a finished `backgroundPrepare` made; once. */
  takeMapping(job: number): ArrayBuffer
  /** A preparation that has not begun ends now with -ECANCELED, one that has ends so at its next step, unless it is published already. Other jobs go on. */
  jobCancel(job: number): void
  /** Forgets a job; a mapping that was not taken is unmapped when it is done. */
  jobRelease(job: number): void

  // -- appender.cc -----------------------------------------------------------------------------------------------------------------------
  createAppender(options: AppenderOptions): NativeAppender

  // -- verifier.cc -----------------------------------------------------------------------------------------------------------------------
  createVerifier(): NativeVerifier
  createFileVerifier(): NativeFileVerifier

  // -- position_saver.cc -----------------------------------------------------------------------------------------------------------------
  /** For a reader's meta mapping (80 bytes, two slots), and the control block of its queue. */
  createPositionSaver(meta: ArrayBuffer, control: ArrayBuffer): NativePositionSaver
}

export type Advice = 'normal' | 'sequential' | 'willneed' | 'dontneed' | 'hugepage'

export const WAIT_CHANGED = 0
export const WAIT_TIMED_OUT = 1

/** Remove what stands at the final path before publishing. */
export const PREPARE_REPLACE = 1
/** Touch all pages for writing, from the beginning on. */
export const PREPARE_POPULATE = 2
export const PREPARE_LOCK_MEMORY = 4
export const PREPARE_HUGE_PAGES = 8
/** Sync the directory behind publishing. */
export const PREPARE_SYNC_DIRECTORY = 16
