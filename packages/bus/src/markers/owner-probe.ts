import { join } from 'node:path'
import { type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import { checkMilliseconds, LOCK_FILE, pathOf } from '@chronicle-ts/core/internal'
import { inspectLock } from '@chronicle-ts/inspect'
import { LEASE_EXPIRY_MS } from '../defaults.js'
import { type LeaseReading, readLease } from './lease.js'
import { judgeLiveness, LeaseWatch, type Liveness } from './liveness.js'

/** What an {@link OwnerProbe} found. */
export interface OwnerStatus extends Liveness {
  readonly lease: LeaseReading
  /** The process that holds the writer lock, or that its file names; `undefined` when neither has it. Explains, does not decide. */
  readonly pid: number | undefined
}

/**
 * Asks again and again whether a queue's owner lives, without joining the queue. Where the writer lock can be asked, one look is enough. Where it cannot, the probe has to be
 * kept and asked repeatedly, because only a lease that stays the same over time proves something.
 */
export class OwnerProbe {
  readonly queueDirectory: string
  /** How long a lease may stay the same. */
  readonly expiryMs: number
  readonly #watch = new LeaseWatch()

  /** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
  constructor(queueDirectory: DirectoryPath, expiryMs: number = LEASE_EXPIRY_MS) {
    if (!(typeof expiryMs === 'number' && expiryMs >= 0))
      throw new InvalidArgumentError({ argument: 'expiryMs', value: expiryMs, expected: 'milliseconds, not negative' })
    this.queueDirectory = pathOf(queueDirectory, 'queueDirectory')
    this.expiryMs = expiryMs
  }

  /**
   * @param nowMs on a monotonic clock
   * @throws `ERR_PERMISSION`, `ERR_LIMIT`, `ERR_IO`: the LEASE cannot be read. `ERR_INVALID_ARGUMENT`.
   */
  look(nowMs: number = performance.now()): OwnerStatus {
    checkMilliseconds('nowMs', nowMs)
    const lock = inspectLock(join(this.queueDirectory, LOCK_FILE))
    const reading = readLease(this.queueDirectory)
    const lease = reading.kind === 'lease' ? reading.lease : undefined
    if (lease !== undefined) this.#watch.observe(lease, nowMs)
    // A recorded pid that runs, or not, is not a lock: pids of other namespaces mean nothing here.
    const lockHeld = lock.knownBy === 'lock' || lock.knownBy === 'proc-locks' ? lock.held : undefined
    const liveness = judgeLiveness({
      lockHeld,
      lease,
      unchangedMs: this.#watch.unchangedMs(nowMs),
      renewed: this.#watch.renewed,
      expiryMs: this.expiryMs,
    })
    return { ...liveness, lease: reading, pid: lock.pid ?? lease?.pid }
  }
}
