import { ClosedError, InvalidArgumentError, type QueueWriter, realtimeNs } from '@chronicle-ts/core'
import { formatLease, type Lease, writeLease } from '../markers/lease.js'
import { ownIdentity } from '../markers/process-identity.js'
import { removeReady, writeReady } from '../markers/ready-marker.js'

/** How a queue's owner keeps its marks. */
export interface QueueMarksOptions {
  /** Milliseconds between renewals of the lease while the event loop turns; 0 leaves them to {@link QueueMarks.renewLease}. @defaultValue 1,000 ms */
  readonly renewalIntervalMs: number
  /** Told when a renewal by timer failed (disk full, directory gone). The next one tries again. */
  readonly onRenewalError: ((error: unknown) => void) | undefined
}

/**
 * READY and LEASE of a queue, kept by the process that has it open for writing.
 *
 * The order of writing is what lets discoveries tell one start from the next: at the start the queue's epoch, then LEASE, then READY; at the end a lease that says
 * goodbye, then READY goes.
 */
export class QueueMarks {
  readonly #writer: QueueWriter
  readonly #options: QueueMarksOptions
  #timer: NodeJS.Timeout | undefined
  #ready = false

  constructor(writer: QueueWriter, options: QueueMarksOptions) {
    const { renewalIntervalMs } = options
    if (!(renewalIntervalMs === 0 || (renewalIntervalMs >= 1 && renewalIntervalMs < 2 ** 31))) {
      const expected = '0 for none, or milliseconds from 1 to 2147483647'
      throw new InvalidArgumentError({ argument: 'renewalIntervalMs', value: renewalIntervalMs, expected })
    }
    this.#writer = writer
    this.#options = options
  }

  get isReady(): boolean {
    return this.#ready
  }

  /** Announces the queue, or announces it anew. */
  markReady(): void {
    const lease = this.#lease(false)
    writeLease(this.#writer.directory, lease)
    writeReady(this.#writer.directory, formatLease(lease))
    this.#ready = true
    this.#startTimer()
  }

  /** Replaces the lease. Does nothing while the queue is not announced. */
  renewLease(): void {
    if (this.#writer.closed) throw new ClosedError({ handle: 'endpoints', directory: this.#writer.directory })
    if (this.#ready) writeLease(this.#writer.directory, this.#lease(false))
  }

  /** Takes the announcement back. Called while the writer lock is still held, so that no successor's marks are touched. */
  markGone(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    if (!this.#ready) return
    this.#ready = false
    try {
      writeLease(this.#writer.directory, this.#lease(true))
    } finally {
      // A full disk has no room for the goodbye. READY would then announce for ever what nobody runs.
      removeReady(this.#writer.directory)
    }
  }

  #startTimer(): void {
    const { renewalIntervalMs } = this.#options
    if (renewalIntervalMs === 0 || this.#timer !== undefined) return
    this.#timer = setInterval(() => this.#renewByTimer(), renewalIntervalMs).unref()
  }

  /** Whoever closes the writer itself gives the queue away: there is nothing left to renew. */
  #renewByTimer(): void {
    if (this.#writer.closed) {
      clearInterval(this.#timer)
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
