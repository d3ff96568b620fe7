import { rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { binding } from '@chronicle-ts/native'
import { PREPARE_TIMEOUT_MS } from '../defaults.js'
import { fromSystemError } from '../errors/index.js'
import { errnoError } from '../files/errno-error.js'
import { encodeSegmentHeader, segmentFileName, segmentTemporaryFileName } from '../format/index.js'
import { MappedSegment } from './mapped-segment.js'
import { segmentPath } from './segment-files.js'

export interface PreparerOptions {
  readonly directory: string
  readonly segmentSize: number
  readonly extensions: boolean
  /** Touch every page ahead, so that no append meets a page fault. */
  readonly prefault: boolean
  readonly lockMemory: boolean
  readonly hugePages: boolean
}

/**
 * Prepares the next segment on the background thread while the writer fills the present one: blocks reserved, pages populated, header written,
 * published under its final name. Needs no turn of the event loop, so that a writer in a tight loop finds it ready too.
 */
export class SegmentPreparer {
  readonly #options: PreparerOptions
  #segmentId = -1
  #job = 0

  constructor(options: PreparerOptions) {
    this.#options = options
  }

  /**
   * Starts preparing this segment, unless that is under way. Whatever bears its name is garbage of a dead writer and is replaced. Never throws, because a roll is half
   * done when it is called: what keeps it from starting now is thrown by the {@link take} that needs the segment.
   */
  start(segmentId: number): void {
    try {
      this.#begin(segmentId)
    } catch {
      this.#segmentId = -1
    }
  }

  #begin(segmentId: number): void {
    if (this.#segmentId === segmentId) return
    this.dispose()
    const { directory, segmentSize, extensions, prefault, lockMemory, hugePages } = this.#options
    this.#segmentId = segmentId
    this.#job = binding.backgroundPrepare({
      temporaryPath: join(directory, segmentTemporaryFileName(segmentId)),
      finalPath: join(directory, segmentFileName(segmentId)),
      // A file of this name was never the head and holds no committed record (recovery saw to that), so nothing is lost with it.
      replace: true,
      length: segmentSize,
      header: encodeSegmentHeader({ segmentId, createdNs: extensions ? binding.realtimeNs() : 0n }),
      populate: prefault,
      lockMemory,
      hugePages,
      syncDirectory: true,
    })
  }

  /** Whether {@link take} returns without waiting. */
  get isReady(): boolean {
    return this.#segmentId >= 0 && binding.jobState(this.#job) !== 0
  }

  /**
   * Hands over the prepared segment; waits for it when the writer was faster than the disk. A failure is tried once more at once, because
   * the disk may have got space since.
   *
   * @throws {@link NoSpaceError} `ERR_NO_SPACE`, {@link IoError} `ERR_IO` and its kin: nothing was published, the next call tries again.
   */
  take(segmentId: number): MappedSegment {
    const first = this.#await(segmentId)
    if (typeof first !== 'number') return first
    const second = this.#await(segmentId)
    if (typeof second !== 'number') return second
    const path = segmentPath(this.#options.directory, segmentId)
    const errno = second === 0 ? constants.errno.ETIMEDOUT : second
    throw fromSystemError(errnoError(errno, this.#syscallBehind(errno)), { path, length: this.#options.segmentSize })
  }

  /** The background thread tells an errno only: these come from locking memory, where that was asked for. */
  #syscallBehind(errno: number): string {
    const { EPERM, ENOMEM, EAGAIN } = constants.errno
    return this.#options.lockMemory && [EPERM, ENOMEM, EAGAIN].includes(errno) ? 'mlock' : 'fallocate'
  }

  #tryBegin(segmentId: number): void {
    try {
      this.#begin(segmentId)
    } catch (cause) {
      throw fromSystemError(cause, { path: segmentPath(this.#options.directory, segmentId) })
    }
  }

  /** The mapped segment, or the errno of the failure, 0 for one that never ended. */
  #await(segmentId: number): MappedSegment | number {
    this.#tryBegin(segmentId)
    const state = binding.jobWait(this.#job, PREPARE_TIMEOUT_MS)
    if (state === 1) {
      const mapping = binding.takeMapping(this.#job)
      this.#forget()
      return new MappedSegment(segmentId, mapping)
    }
    this.#forget()
    return -state
  }

  /**
   * Ends preparing for good: waits for what is under way and removes the prepared file, so that nothing appears after the lock is given back and a closed queue
   * occupies no more than its data.
   */
  dispose(): void {
    if (this.#segmentId < 0) return
    const path = segmentPath(this.#options.directory, this.#segmentId)
    const state = binding.jobWait(this.#job, PREPARE_TIMEOUT_MS)
    this.#forget()
    if (state === 1) removeIfPossible(path)
  }

  #forget(): void {
    binding.jobRelease(this.#job)
    this.#segmentId = -1
    this.#job = 0
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
