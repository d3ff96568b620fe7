import { isSameOwner, type Lease } from '../markers/lease.js'
import type { DiscoveryEvent, StrategyRestarted } from './discovery-event.js'
import type { StrategyLook } from './strategy-look.js'
import { VisitEvidence } from './visit-evidence.js'

/** What is remembered of a strategy that is announced. */
interface Known {
  readonly ready: string
  readonly epoch: number | undefined
  readonly lease: Lease | undefined
  readonly queueStamp: string | undefined
}

/** Turns successive looks at one strategy into events. Touches no file. */
export class StrategyTracker {
  readonly evidence = new VisitEvidence()
  #known: Known | undefined
  /** A restart was reported before its READY appeared; that READY is the same restart. */
  #awaitsReady = false
  /** The lease of the last owner that left in good order. */
  #farewell: Lease | undefined

  constructor(readonly strategy: string) {}

  /** What is known of it now; `undefined` while it is not announced. */
  get known(): Known | undefined {
    return this.#known
  }

  /**
   * Starts from what is there when a discovery begins: a strategy that left earlier is not an event.
   */
  begin(look: StrategyLook): DiscoveryEvent[] {
    if (look.ready === undefined) this.#farewell = farewellIn(look)
    return this.observe(look)
  }

  /** The events between the last look and this one, at most two. */
  observe(look: StrategyLook): DiscoveryEvent[] {
    return look.ready === undefined ? this.#observeAbsence(look) : this.#observePresence({ ...look, ready: look.ready })
  }

  /** The directory is gone. */
  observeGone(): DiscoveryEvent[] {
    return this.#forget('directory-gone')
  }

  #observePresence(look: StrategyLook & { readonly ready: string }): DiscoveryEvent[] {
    // Another directory of the same name holds another queue: a process that has the old one open must close it, and "restarted" would say that it goes on.
    const isReplaced = isOther(this.#known?.queueStamp, look.queueStamp)
    return [...(isReplaced ? this.#forget('directory-gone') : []), ...this.#observeReady(look)]
  }

  #observeReady(look: StrategyLook & { readonly ready: string }): DiscoveryEvent[] {
    this.evidence.reset()
    const before = this.#known
    // What cannot be read for a moment is remembered: only a value that differs from another value is a change.
    const now = {
      ready: look.ready,
      epoch: look.epoch ?? before?.epoch,
      lease: look.lease ?? before?.lease,
      queueStamp: look.queueStamp ?? before?.queueStamp,
    }
    this.#known = now
    const { strategy } = this
    const incarnation = { epoch: now.epoch, lease: now.lease }
    if (before === undefined) return [{ kind: 'added', strategy, incarnation }]
    const changed = changesBetween(before, now)
    if (changed.length === 0 || this.#isAwaited(changed, now)) return []
    this.#awaitsReady = !changed.includes('ready')
    return [{ kind: 'restarted', strategy, incarnation, changed }]
  }

  /** Whether these changes only complete a restart that was reported already: its writer wrote LEASE and READY after it had opened the queue. */
  #isAwaited(changed: StrategyRestarted['changed'], now: Known): boolean {
    if (!this.#awaitsReady || changed.includes('epoch')) return false
    if (changed.includes('lease') && now.lease?.epoch !== now.epoch) return false
    this.#awaitsReady = !changed.includes('ready')
    return true
  }

  #observeAbsence(look: StrategyLook): DiscoveryEvent[] {
    const farewell = farewellIn(look)
    const isNewFarewell = farewell !== undefined && !isSameLease(farewell, this.#farewell)
    if (farewell !== undefined) this.#farewell = farewell
    if (this.#known !== undefined) return this.#forget('ready-gone')
    if (!this.evidence.concludeVisit(isNewFarewell)) return []
    const { strategy } = this
    const incarnation = { epoch: farewell?.epoch, lease: farewell }
    return [
      { kind: 'added', strategy, incarnation },
      { kind: 'removed', strategy, reason: 'ready-gone' },
    ]
  }

  #forget(reason: 'ready-gone' | 'directory-gone'): DiscoveryEvent[] {
    this.evidence.reset()
    this.#awaitsReady = false
    if (this.#known === undefined) return []
    this.#known = undefined
    return [{ kind: 'removed', strategy: this.strategy, reason }]
  }
}

function isOther(before: string | undefined, now: string | undefined): boolean {
  return before !== undefined && now !== undefined && before !== now
}

function changesBetween(before: Known, now: Known): StrategyRestarted['changed'] {
  const changed: ('ready' | 'epoch' | 'lease')[] = []
  if (before.ready !== now.ready) changed.push('ready')
  if (before.epoch !== undefined && before.epoch !== now.epoch) changed.push('epoch')
  if (before.lease !== undefined && now.lease !== undefined && !isSameOwner(before.lease, now.lease)) changed.push('lease')
  return changed
}

function farewellIn(look: StrategyLook): Lease | undefined {
  return look.lease?.closed === true ? look.lease : undefined
}

function isSameLease(one: Lease, other: Lease | undefined): boolean {
  return other !== undefined && isSameOwner(one, other) && one.timestampNs === other.timestampNs
}
