import { constants } from 'node:os'
import {
  APPENDER_NEXT_SEQUENCE,
  APPENDER_SEGMENT_ID,
  APPENDER_WRITE_OFFSET,
  binding,
  type NativeAppender,
} from '@chronicle-ts/native'
import type { MappedControl } from '../control/mapped-control.js'
import { BACKGROUND_TIMEOUT_MS, SYNCS_UNDER_WAY_MAX } from '../defaults.js'
import { fromSystemError, IoError, LockLostError } from '../errors/index.js'
import { errnoError } from '../files/errno-error.js'
import { JOB_DONE, JOB_UNDER_WAY } from '../files/job-state.js'
import type { WriterLock } from '../files/writer-lock.js'
import { encodeIndex, INDEX_FILE, INDEX_TEMPORARY_FILE } from '../format/index.js'
import type { FlushPolicy } from './writer-options.js'

/** What a sync ends with that cannot be done while another thread may append. */
const LEFT_TO_A_QUIET_MOMENT = -constants.errno.EBUSY

export interface DurabilityOptions {
  readonly lock: WriterLock
  readonly control: MappedControl
  readonly appender: NativeAppender
  readonly policy: FlushPolicy | undefined
}

/** Everything appended up to a moment. */
interface Extent {
  /** Of the next message then. */
  readonly sequence: number
  readonly segmentId: number
  readonly offset: number
}

interface Sync extends Extent {
  readonly job: number
}

/**
 * Makes messages durable on the background thread, in order. Each sync covers everything since the last that succeeded, so one that fails, for any reason, leaves its
 * work to the next: see {@link NativeAppender.makeDurable}. The durable mark never names what was not synced.
 */
export class Durability {
  readonly #options: DurabilityOptions
  readonly #state: Float64Array
  /** Under way, oldest first. */
  readonly #syncs: Sync[] = []
  #done: Extent
  /** The last sync needs a moment without appends: this thread makes them. */
  #isLeftToThisThread = false
  #timer: NodeJS.Timeout | undefined
  #syncCount = 0

  constructor(options: DurabilityOptions) {
    this.#options = options
    this.#state = options.appender.state
    this.#done = options.control.readDurableMark() ?? { sequence: 0, segmentId: -1, offset: 0 }
    const everyMs = options.policy?.everyMs
    if (everyMs !== undefined) this.#timer = setInterval(() => this.request(), everyMs).unref()
  }

  /** Whether appends have to call {@link afterAppend}. */
  get watchesAppends(): boolean {
    const policy = this.#options.policy
    return policy?.everyMessages !== undefined || policy?.everyBytes !== undefined
  }

  /** Syncs asked for so far. */
  get syncCount(): number {
    return this.#syncCount
  }

  /** Offset of the head below which everything is known to be durable; 0 for nothing. */
  get durableOffset(): number {
    const { segmentId, offset } = this.#done
    return segmentId === this.#state[APPENDER_SEGMENT_ID] ? offset : 0
  }

  /** Called after each append when the policy counts messages or bytes. @throws as {@link flushSync} does, when the policy waits. */
  afterAppend(): void {
    const { policy } = this.#options
    const { sequence, segmentId, offset } = this.#requested
    const messages = (this.#state[APPENDER_NEXT_SEQUENCE] as number) - sequence
    const bytes = (this.#state[APPENDER_WRITE_OFFSET] as number) - (segmentId === this.#state[APPENDER_SEGMENT_ID] ? offset : 0)
    if (
      messages < (policy?.everyMessages ?? Number.POSITIVE_INFINITY) &&
      bytes < (policy?.everyBytes ?? Number.POSITIVE_INFINITY)
    )
      return
    if (policy?.wait) this.flushSync()
    else this.request()
  }

  /**
   * The writer has left its segment for the next one: the old one is unmapped and goes into one sync, whose mark names the new. A policy that waits does so here too:
   * messages are counted from this sync on, and from the one before when it fails. Never throws: the roll is done.
   */
  afterRoll(): void {
    this.#boundBacklog()
    this.#submit(this.#options.appender.retire())
    this.#writeIndex()
    if (this.#options.policy?.wait) this.#await()
  }

  /**
   * Each sync of a segment that was left keeps a descriptor and a mapping until it ends. A writer that rolls faster than the disk syncs would use up both, so it waits here for the oldest ones.
   */
  #boundBacklog(): void {
    this.#reap()
    const oldest = this.#syncs[this.#syncs.length - SYNCS_UNDER_WAY_MAX]
    if (oldest === undefined) return
    binding.jobWait(oldest.job, BACKGROUND_TIMEOUT_MS)
    this.#reap()
  }

  /** Starts syncing what is not yet, without waiting for it. */
  request(): void {
    this.#reap()
    if (!this.#hasNew()) return
    if (this.#isLeftToThisThread) this.#makeDurableHere()
    else this.#submit(this.#options.appender.makeDurable())
  }

  /**
   * Returns when everything appended before the call is durable.
   *
   * @throws {@link IoError} `ERR_IO`, `LimitError` `ERR_LIMIT` when it cannot be made so: nothing is lost by it, and the next call tries everything that is not durable again.
   * {@link LockLostError} `ERR_LOCK_LOST`.
   */
  flushSync(): void {
    this.#reap()
    if (this.#syncs.length === 0) this.#syncHere()
    else {
      this.request()
      this.#finish(this.#await())
    }
  }

  /** In this thread, which has nothing else to do: handing the work over and back takes as long as a fast disk. */
  #syncHere(): void {
    const errno = this.#hasNew() ? this.#makeDurableHere() : 0
    if (errno !== 0) this.#throwFailed(-errno)
  }

  /** @returns 0 or the errno */
  #makeDurableHere(): number {
    const here = this.#here()
    this.#syncCount++
    this.#isLeftToThisThread = false
    const errno = this.#options.appender.makeDurableHere()
    if (errno === 0) this.#done = here
    return errno
  }

  /** {@link flushSync} off the event loop. */
  async flush(): Promise<void> {
    this.request()
    const last = this.#syncs.at(-1)
    if (last === undefined) return
    const state = await new Promise<number>((resolve) => binding.jobNotify(last.job, resolve))
    this.#reap()
    this.#finish(state)
  }

  #finish(state: number): void {
    if (state === LEFT_TO_A_QUIET_MOMENT) this.#syncHere()
    else this.#throwFailed(state)
  }

  /** Ends syncing by time. */
  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Waits for all syncs under way, so that none of them stores a mark after the next writer has opened. Never throws. */
  close(): void {
    this.stop()
    this.#await()
    this.#syncMark()
    this.#writeIndex()
  }

  /** The mark on the disk may be behind. A failure costs the recovery after a power cut a longer look. */
  #syncMark(): void {
    if (this.#syncCount === 0) return
    try {
      this.#options.control.sync()
    } catch {
      // The mark that was there is true.
    }
  }

  /** Everything up to it is durable, or handed to a sync. */
  get #requested(): Extent {
    return this.#syncs.at(-1) ?? this.#done
  }

  /** Whether something was appended that no sync covers. */
  #hasNew(): boolean {
    const { sequence, segmentId, offset } = this.#requested
    const here = this.#here()
    return sequence !== here.sequence || segmentId !== here.segmentId || offset < here.offset
  }

  #here(): Extent {
    return {
      sequence: this.#state[APPENDER_NEXT_SEQUENCE] as number,
      segmentId: this.#state[APPENDER_SEGMENT_ID] as number,
      offset: this.#state[APPENDER_WRITE_OFFSET] as number,
    }
  }

  #submit(job: number): void {
    this.#syncs.push({ job, ...this.#here() })
    this.#syncCount++
  }

  /** Waits for the last sync, which ends last and covers all before it. Returns its state. */
  #await(): number {
    const last = this.#syncs.at(-1)
    if (last === undefined) return JOB_DONE
    const state = binding.jobWait(last.job, Number.POSITIVE_INFINITY)
    this.#reap()
    return state
  }

  /** Takes note of the syncs that are over, oldest first. */
  #reap(): void {
    for (let sync = this.#syncs[0]; sync !== undefined; sync = this.#syncs[0]) {
      const state = binding.jobState(sync.job)
      if (state === JOB_UNDER_WAY) return
      if (state === JOB_DONE) this.#done = sync
      this.#isLeftToThisThread = state === LEFT_TO_A_QUIET_MOMENT
      binding.jobRelease(sync.job)
      this.#syncs.shift()
    }
  }

  #throwFailed(state: number): void {
    if (state === JOB_DONE) return
    const { lock } = this.#options
    const { ENOLCK, ENOSPC, EDQUOT } = constants.errno
    if (state === -ENOLCK) throw lock.lostError()
    const { path } = lock.directory
    const cause = errnoError(-state, 'msync')
    // A full disk below a file whose blocks are reserved (thin provisioning): the messages are in the queue, so this is not what `ERR_NO_SPACE` says.
    if (state === -ENOSPC || state === -EDQUOT)
      throw new IoError({ path, syscall: 'msync', errnoName: cause.code as string }, { cause })
    throw fromSystemError(cause, { path })
  }

  /** The base format's hint of where the head is. Readers of this library do not use it; a failure to write it costs nothing (L5), so no process waits for it. */
  #writeIndex(): void {
    const { segmentId, offset } = this.#here()
    const bytes = encodeIndex({ currentSegment: segmentId, writeOffset: offset })
    const { hold, directory } = this.#options.lock
    binding.jobRelease(binding.backgroundReplace(INDEX_TEMPORARY_FILE, INDEX_FILE, bytes, hold, directory.fileMode))
  }
}
