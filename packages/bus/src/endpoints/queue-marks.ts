import { join } from 'node:path'
import { ClosedError, InvalidArgumentError, isQueueError, type QueueWriter, realtimeNs } from '@chronicle-ts/core'
import { LOCK_FILE, type QueueDirectory, READY_FILE } from '@chronicle-ts/core/internal'
import { formatLease, isSameOwner, type Lease, parseLease, readLease, writeLease } from '../markers/lease.js'
import { birthStamp, fileStamp, readMarker, refuseLink } from '../markers/marker-file.js'
import { type MarksLoss, MarksLostError } from '../markers/marks-lost-error.js'
import { ownIdentity } from '../markers/process-identity.js'
import { removeReady, writeReady } from '../markers/ready-marker.js'
import { readWriterEpoch } from '../queue/writer-epoch.js'

/** How a queue's owner keeps its marks. */
export interface QueueMarksOptions {
  /** Milliseconds between renewals of the lease while the event loop turns; 0 leaves them to {@link QueueMarks.renewLease}. @defaultValue 1,000 ms */
  readonly renewalIntervalMs: number
  /** Called when a renewal by timer failed (disk full, directory gone). The next one tries again, except after `ERR_LOCK_LOST`. */
  readonly onRenewalError: ((error: unknown) => void) | undefined
}

/**
 * What is known of a queue's marks. `none`: not announced. `announced`: READY and LEASE stand at the queue's path and are this process's. The rest: see {@link MarksLoss}.
 */
export type MarksState = 'none' | 'announced' | MarksLoss

/**
 * READY and LEASE of a queue, kept by the process that has it open for writing.
 *
 * The order of writing lets discoveries distinguish one start from the next. At the start the queue's epoch, then LEASE, then READY; at the end a lease that says last record,
 * then READY goes.
 *
 * The marks are written and deleted only in the directory that the writer opened, which is held by its descriptor, and only while they are this process's. The lock file and
 * the epoch are those of its open, and no LEASE of a later owner stands there (L52).
 */
export class QueueMarks {
  readonly #writer: QueueWriter
  readonly #options: QueueMarksOptions
  readonly #directory: QueueDirectory
  /** The lock file that the writer holds. */
  readonly #lockStamp: string | undefined
  #timer: NodeJS.Timeout | undefined
  #state: MarksState = 'none'
  /** READY and LEASE of this process were written and not taken back. */
  #written = false

  /** Takes over `directory`, which was opened before the writer and stood at its path afterwards: so it is the one that the writer opened. */
  constructor(writer: QueueWriter, directory: QueueDirectory, options: QueueMarksOptions) {
    const { renewalIntervalMs } = options
    if (!(renewalIntervalMs === 0 || (renewalIntervalMs >= 1 && renewalIntervalMs < 2 ** 31))) {
      const expected = '0 for none, or milliseconds from 1 to 2147483647'
      throw new InvalidArgumentError({ argument: 'renewalIntervalMs', value: renewalIntervalMs, expected })
    }
    this.#writer = writer
    this.#options = options
    this.#directory = directory
    this.#lockStamp = this.#lockFile()
  }

  get state(): MarksState {
    return this.#state
  }

  /**
   * Announces the queue, or announces it again.
   *
   * @throws {@link MarksLostError}: nothing was written.
   */
  markReady(): void {
    this.#assertMayAnnounce()
    refuseLink(join(this.#directory.self, READY_FILE))
    const lease = this.#lease(false)
    writeLease(this.#directory.self, lease)
    this.#written = true
    writeReady(this.#directory.self, formatLease(lease))
    this.#state = 'announced'
    this.#startTimer()
  }

  /**
   * Replaces the lease. Does nothing while the queue is not announced.
   *
   * @throws {@link MarksLostError}: nothing was written. The next renewal succeeds when the directory was moved back.
   */
  renewLease(): void {
    if (this.#writer.closed) throw new ClosedError({ handle: 'endpoints', directory: this.#writer.directory })
    if (this.#state === 'none') return
    this.#assertMayAnnounce()
    writeLease(this.#directory.self, this.#lease(false))
    this.#state = 'announced'
  }

  /** Takes the announcement back. Called while the writer lock is still held, so that no successor's marks are touched. */
  markGone(): void {
    this.#stopTimer()
    if (!this.#written) return
    const isOwned = this.#state !== 'taken-over' && this.#isOwned()
    this.#written = false
    this.#state = isOwned ? 'none' : 'taken-over'
    if (!isOwned) return
    try {
      writeLease(this.#directory.self, this.#lease(true))
    } catch (error) {
      // A directory that was deleted announces nothing any more.
      if (!isQueueError(error, 'ERR_NOT_FOUND')) throw error
    } finally {
      // A full disk has no room for the last LEASE record. READY would then announce forever what no process runs.
      if (this.#readyIsOwn()) removeReady(this.#directory.self)
    }
  }

  /** Gives the directory back. The marks stay as they are. May be called again. */
  close(): void {
    this.#stopTimer()
    this.#directory.close()
  }

  /**
   * Whether the queue in the held directory is still this writer's. A successor has another epoch, a replaced lock file another inode, and a LEASE of another owner with this
   * epoch or a later one is a successor's, too. A predecessor's LEASE, which is there until the first announcement, has an earlier epoch.
   */
  #isOwned(): boolean {
    const { self } = this.#directory
    const lockStamp = this.#lockFile()
    if (lockStamp !== undefined && this.#lockStamp !== undefined && lockStamp !== this.#lockStamp) return false
    const epoch = readWriterEpoch(self)
    if (epoch !== undefined && epoch !== this.#writer.epoch) return false
    return !this.#written || !this.#isSuccessor(readLease(self))
  }

  /** Distinguishes the lock file in the held directory from another one; `undefined` when there is none. */
  #lockFile(): string | undefined {
    return birthStamp(join(this.#directory.self, LOCK_FILE), 'file')
  }

  /** A READY without an owner's name is the owner's of the queue. */
  #readyIsOwn(): boolean {
    const path = join(this.#directory.self, READY_FILE)
    if (fileStamp(path) === undefined) return false
    const reading = parseLease(readMarker(path) ?? '')
    return reading.kind !== 'lease' || isSameOwner(reading.lease, this.#lease(true))
  }

  #isSuccessor(reading: ReturnType<typeof readLease>): boolean {
    if (reading.kind !== 'lease') return false
    return !isSameOwner(reading.lease, this.#lease(false)) && reading.lease.epoch >= this.#writer.epoch
  }

  /**
   * Announcing asks for more than withdrawing: the directory is at its path, and the lock file is in it. Without that file the writer appends nothing more (`ERR_LOCK_LOST`), and another one may open
   * the queue at any time.
   */
  #assertMayAnnounce(): void {
    if (this.#state === 'taken-over' || !this.#isOwned()) this.#loseForGood()
    const { place } = this.#directory
    if (place !== 'in-place') this.#lose(place === 'gone' ? 'directory-gone' : 'directory-replaced')
    if (this.#lockFile() === undefined) this.#loseForGood()
  }

  #loseForGood(): never {
    this.#stopTimer()
    this.#lose('taken-over')
  }

  #lose(loss: MarksLoss): never {
    if (this.#written) this.#state = loss
    throw new MarksLostError({ directory: this.#writer.directory, loss })
  }

  #startTimer(): void {
    const { renewalIntervalMs } = this.#options
    if (renewalIntervalMs === 0 || this.#timer !== undefined) return
    this.#timer = setInterval(() => this.#renewByTimer(), renewalIntervalMs).unref()
  }

  #stopTimer(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** A writer that was closed without its endpoints gave the queue away: nothing is left to renew. */
  #renewByTimer(): void {
    if (this.#writer.closed) {
      this.#stopTimer()
      return
    }
    try {
      this.renewLease()
    } catch (error) {
      this.#options.onRenewalError?.(error)
    }
  }

  #lease(closed: boolean): Lease {
    return { ...ownIdentity(), epoch: this.#writer.epoch, timestampNs: realtimeNs(), closed }
  }
}
