import { checkMembers, checkMilliseconds, processStartTime } from '@chronicle-ts/core/internal'
import { LEASE_EXPIRY_MS } from '../defaults.js'
import { checkLease, type Lease } from './lease.js'
import { currentBootId } from './process-identity.js'

/**
 * Whether a queue's owner lives, and how that is known. Reasons in the order in which they decide:
 *
 * | reason | says |
 * |---|---|
 * | `lock-held` | alive: some process holds the writer lock. True across pid namespaces, because the kernel keeps the lock |
 * | `lock-free` | dead: no process holds it, independent of the lease |
 * | `no-lease` | unknown: the lock cannot be asked, and there is no lease |
 * | `lease-closed` | dead: the owner wrote its last LEASE record |
 * | `other-boot` | dead: the lease is of an earlier machine run |
 * | `process-runs` | alive: a process with that pid and that start time runs |
 * | `lease-renewed` | alive: the lease changed before our eyes, less than the expiry ago |
 * | `lease-unchanged` | dead: we watched it for longer than the expiry, and it was not renewed |
 * | `lease-unwatched` | unknown: not watched for long enough to say |
 */
export interface Liveness {
  readonly state: 'alive' | 'dead' | 'unknown'
  readonly reason:
    | 'lock-held'
    | 'lock-free'
    | 'no-lease'
    | 'lease-closed'
    | 'other-boot'
    | 'process-runs'
    | 'lease-renewed'
    | 'lease-unchanged'
    | 'lease-unwatched'
}

/** What {@link judgeLiveness} goes by. */
export interface LivenessEvidence {
  /** Whether the writer lock is held; `undefined` where it cannot be asked (no lock file, no permission). */
  readonly lockHeld: boolean | undefined
  readonly lease: Lease | undefined
  /** For how long the lease has been seen to stay the same, see {@link LeaseWatch}. */
  readonly unchangedMs?: number | undefined
  /** Whether the lease was seen to change since watching began. */
  readonly renewed?: boolean | undefined
  /** @defaultValue 5,000 ms */
  readonly expiryMs?: number | undefined
}

/**
 * Says whether a queue's owner lives. No wall clock is compared: they step, and an owner whose clock is an hour behind is not dead. A pid that is not visible here, or belongs
 * to another process by now, proves nothing by itself, because the owner may live in another pid namespace. Then only watching the lease shows.
 */
export function judgeLiveness(evidence: LivenessEvidence): Liveness {
  checkMembers('evidence', evidence, ['lockHeld', 'lease'], 'an object with lockHeld and lease')
  const { lockHeld, lease } = evidence
  if (lease !== undefined) checkLease('lease', lease)
  if (lockHeld !== undefined) return lockHeld ? { state: 'alive', reason: 'lock-held' } : { state: 'dead', reason: 'lock-free' }
  if (lease === undefined) return { state: 'unknown', reason: 'no-lease' }
  if (lease.closed) return { state: 'dead', reason: 'lease-closed' }
  const boot = currentBootId()
  if (boot !== '' && lease.bootId !== '' && lease.bootId !== boot) return { state: 'dead', reason: 'other-boot' }
  if (lease.startTime !== 0 && processStartTime(lease.pid) === lease.startTime) return { state: 'alive', reason: 'process-runs' }
  return judgeByRenewal(evidence)
}

function judgeByRenewal({ unchangedMs, renewed, expiryMs = LEASE_EXPIRY_MS }: LivenessEvidence): Liveness {
  if (unchangedMs === undefined) return { state: 'unknown', reason: 'lease-unwatched' }
  if (unchangedMs >= expiryMs) return { state: 'dead', reason: 'lease-unchanged' }
  return renewed === true ? { state: 'alive', reason: 'lease-renewed' } : { state: 'unknown', reason: 'lease-unwatched' }
}

/**
 * Watches whether a lease is renewed, by the monotonic clock of the watcher. Feed it every reading; a lease that is the same in every field for
 * long enough has expired.
 */
export class LeaseWatch {
  #last: string | undefined
  #lastChangeMs = 0
  #renewed = false

  /** Takes a reading made at `nowMs` on a monotonic clock. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
  observe(lease: Lease, nowMs: number = performance.now()): void {
    checkLease('lease', lease)
    checkMilliseconds('nowMs', nowMs)
    const seen = `${lease.pid} ${lease.startTime} ${lease.bootId} ${lease.epoch} ${lease.timestampNs}`
    if (seen === this.#last) return
    this.#renewed = this.#last !== undefined
    this.#last = seen
    this.#lastChangeMs = nowMs
  }

  /** For how long the lease has been the same; `undefined` before the first reading. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
  unchangedMs(nowMs: number = performance.now()): number | undefined {
    checkMilliseconds('nowMs', nowMs)
    return this.#last === undefined ? undefined : nowMs - this.#lastChangeMs
  }

  /** Whether it changed while we watched. */
  get renewed(): boolean {
    return this.#renewed
  }
}
