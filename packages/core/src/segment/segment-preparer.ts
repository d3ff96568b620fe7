import { rmSync } from 'node:fs'
import { constants } from 'node:os'
import {
  binding,
  PREPARE_HUGE_PAGES,
  PREPARE_LOCK_MEMORY,
  PREPARE_POPULATE,
  PREPARE_REPLACE,
  PREPARE_SYNC_DIRECTORY,
} from '@chronicle-ts/native'
import { BACKGROUND_TIMEOUT_MS, READY_BYTES_MIN } from '../defaults.js'
import { fromSystemError } from '../errors/index.js'
import { errnoError } from '../files/errno-error.js'
import { JOB_DONE, JOB_UNDER_WAY } from '../files/job-state.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import type { WriterLock } from '../files/writer-lock.js'
import { encodeSegmentHeader, restampSegmentHeader, segmentFileName, segmentTemporaryFileName, viewOf } from '../format/index.js'
import { MappedSegment } from './mapped-segment.js'

export interface PreparerOptions {
  readonly directory: QueueDirectory
  /** Held by each preparation until it has ended. */
  readonly lock: WriterLock
  readonly segmentSize: number
  readonly extensions: boolean
  /** Touch every page ahead, so that no append meets a page fault. */
  readonly prefault: boolean
  readonly lockMemory: boolean
  readonly hugePages: boolean
}

/**
 * Prepares the next segment on the background thread while the writer fills the present one. Its blocks are reserved and its pages populated as far as the writer is to be
 * ahead, its header is written, and it is published under its final name. Needs no turn of the event loop, so that a writer in a tight loop finds it ready too.
 */
export class SegmentPreparer {
  readonly #options: PreparerOptions
  /** Copied by the binding, so one serves all. */
  readonly #header = encodeSegmentHeader({ segmentId: 0 })
  readonly #headerView = viewOf(this.#header)
  readonly #flags: number
  #segmentId = -1
  #job = 0
  /** Bytes of a segment that are ready when it is taken: reserved, and soon after it touched. */
  #readyBytes: number

  constructor(options: PreparerOptions) {
    const { prefault, lockMemory, hugePages } = options
    this.#options = options
    this.#readyBytes = options.lockMemory ? options.segmentSize : Math.min(READY_BYTES_MIN, options.segmentSize)
    // A file of the segment's name was never the head and holds no committed record (recovery saw to that), so nothing is lost with what is replaced.
    const always = PREPARE_REPLACE | PREPARE_SYNC_DIRECTORY
    this.#flags =
      always | (prefault ? PREPARE_POPULATE : 0) | (lockMemory ? PREPARE_LOCK_MEMORY : 0) | (hugePages ? PREPARE_HUGE_PAGES : 0)
  }

  /**
   * Starts preparing this segment, unless that is under way, and with `readyBytes` of it ready. A file of its name is a crash leftover and is replaced. Never throws, because a roll is half
   * done when it is called: what keeps it from starting now is thrown by the {@link finish} that needs the segment.
   */
  start(segmentId: number, readyBytes = this.#readyBytes): void {
    if (!this.#options.lockMemory) this.#readyBytes = readyBytes
    try {
      this.#begin(segmentId)
    } catch {
      this.#segmentId = -1
    }
  }

  #begin(segmentId: number): void {
    if (this.#segmentId === segmentId) return
    this.dispose()
    this.#segmentId = segmentId
    restampSegmentHeader(this.#headerView, segmentId, this.#options.extensions ? binding.realtimeNs() : 0n)
    const { segmentSize, lock } = this.#options
    const names = [segmentTemporaryFileName(segmentId), segmentFileName(segmentId)] as const
    this.#job = binding.backgroundPrepare(
      ...names,
      this.#header,
      segmentSize,
      this.#flags,
      lock.hold,
      lock.directory.fileMode,
      this.#readyBytes,
    )
  }

  /** The number of this segment's preparation, done or not; 0, which no job has, when there is none. */
  jobOf(segmentId: number): number {
    return this.#segmentId === segmentId ? this.#job : 0
  }

  /**
   * The number of the finished preparation, whose mapping can be taken; waits for it when the writer was faster than the disk. A failure is tried once more at
   * once, because the disk may have got space since. The code that took the mapping calls {@link handOver}.
   *
   * @throws `NoSpaceError` `ERR_NO_SPACE`, `IoError` `ERR_IO`, `LimitError` `ERR_LIMIT`: nothing was published, the next call tries again. `LockLostError`
   * `ERR_LOCK_LOST`: nothing is published any more.
   */
  finish(segmentId: number): number {
    let state = this.#await(segmentId)
    if (state !== JOB_DONE) {
      this.#forget()
      state = this.#await(segmentId)
    }
    if (state === JOB_DONE) return this.#job
    this.#forget()
    if (state === -constants.errno.ENOLCK) throw this.#options.lock.lostError()
    const path = this.#options.directory.describe(segmentFileName(segmentId))
    const errno = state === JOB_UNDER_WAY ? constants.errno.ETIMEDOUT : -state
    throw fromSystemError(errnoError(errno, this.#syscallOf(errno)), { path, length: this.#options.segmentSize })
  }

  /** The segment has another owner, which ends its job. Returns the job. */
  handOver(): number {
    const job = this.#job
    this.#segmentId = -1
    this.#job = 0
    return job
  }

  /** {@link finish}, for a segment that is opened by its name. */
  publish(segmentId: number): void {
    this.finish(segmentId)
    this.#forget()
  }

  /** {@link finish}, as JavaScript sees the segment. */
  take(segmentId: number): MappedSegment {
    const mapping = binding.takeMapping(this.finish(segmentId))
    this.#forget()
    return new MappedSegment(segmentId, mapping)
  }

  /** The background thread reports an errno only: these come from locking memory, where that was asked for. */
  #syscallOf(errno: number): string {
    const { EPERM, ENOMEM, EAGAIN } = constants.errno
    return this.#options.lockMemory && [EPERM, ENOMEM, EAGAIN].includes(errno) ? 'mlock' : 'fallocate'
  }

  #tryBegin(segmentId: number): void {
    try {
      this.#begin(segmentId)
    } catch (cause) {
      throw fromSystemError(cause, { path: this.#options.directory.describe(segmentFileName(segmentId)) })
    }
  }

  /** The state of the job, begun when it is not. */
  #await(segmentId: number): number {
    this.#tryBegin(segmentId)
    return binding.jobWait(this.#job, BACKGROUND_TIMEOUT_MS)
  }

  /**
   * Ends preparing for good: cancels what is under way, waits for its end, and removes what is prepared. So nothing appears after the lock is given back, and a closed queue
   * occupies no more than its data. A preparation that takes too long to end keeps the lock until then, and publishes nothing.
   */
  dispose(): void {
    if (this.#segmentId < 0) return
    const { directory, lock } = this.#options
    const segmentId = this.#segmentId
    binding.jobCancel(this.#job)
    const state = binding.jobWait(this.#job, BACKGROUND_TIMEOUT_MS)
    this.#forget()
    if (state === JOB_UNDER_WAY || !lock.isHeld()) return
    // One that did not come to its end, or never began, may have left its temporary file, or a dead writer may.
    removeIfPossible(directory.at(state === JOB_DONE ? segmentFileName(segmentId) : segmentTemporaryFileName(segmentId)))
  }

  #forget(): void {
    binding.jobRelease(this.handOver())
  }
}

/** An empty segment that stays behind costs its space until the next writer opens: no reason to fail a close. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // Recovery replaces it.
  }
}
