import { InvalidArgumentError } from '@chronicle-ts/core'
import { EagerIdleRule } from './eager-idle-rule.js'
import { FanInMessage } from './fan-in-message.js'
import type { FanInSource, TimedMessage } from './fan-in-source.js'
import type { IdleRule } from './idle-rule.js'
import type { HeldBackBy } from './merge-metrics.js'
import { MergePosition } from './merge-position.js'
import { OrderedIdleRule } from './ordered-idle-rule.js'
import { NO_SLOT, SlotSet } from './slot-set.js'
import { SourceEntry } from './source-entry.js'
import type { SourceFailure } from './source-failure.js'
import { SourceFailures } from './source-failures.js'
import { HELD, PROMISED, RESTING, SourceTable } from './source-table.js'
import type { Clocks } from './standstill.js'
import { TimeBound } from './time-bound.js'

export interface MergeOptions {
  readonly mode: 'eager' | 'ordered'
  /** `undefined`: any number. */
  readonly allowedLatenessNs: bigint | undefined
  readonly holdBackMs: number
  readonly clocks: Clocks
  readonly onSourceError: ((failure: SourceFailure) => void) | undefined
  readonly retryFailures: boolean
}

/** Counts of sources that are gone, so that totals never go down. */
interface Counts {
  delivered: number
  late: number
  displaced: number
  ahead: number
  released: number
  errors: number
}

const NO_FAILURES: readonly SourceFailure[] = []

/**
 * Merges sources by (time, key), each in its own order. Says what comes next and never waits.
 *
 * A message is only looked at (`peek`) until the moment at which it is delivered, and then taken from its source (`next`). So committing a source saves exactly what was
 * delivered (L7). A source that throws is set aside and the others go on (L39).
 */
export class Merge<M extends TimedMessage, S extends FanInSource<M>> {
  readonly table: SourceTable<M, S>
  readonly failed: SourceFailures<M, S>
  /** What sources counted that were removed. */
  readonly removedCounts: Counts = { delivered: 0, late: 0, displaced: 0, ahead: 0, released: 0, errors: 0 }
  readonly #position = new MergePosition()
  readonly #idle: IdleRule
  readonly #delivery = new FanInMessage<M>()
  /** Slots with deliveries that no commit saved; and those that none saved durably. */
  readonly #unsaved = new SlotSet()
  readonly #unsynced = new SlotSet()
  #isClosed = false
  /** Source of the last message, which was not looked at since: its message must stay valid until the next call. */
  #current = NO_SLOT

  constructor(options: MergeOptions) {
    const { clocks, holdBackMs, onSourceError, retryFailures } = options
    const table = new SourceTable<M, S>(new TimeBound({ aheadMs: holdBackMs, realtimeNs: () => clocks.realtimeNs() }))
    const monotonicMs = (): number => clocks.monotonicMs()
    this.table = table
    this.failed = new SourceFailures(table, { monotonicMs, onSourceError, retries: retryFailures })
    this.#idle = options.mode === 'eager' ? new EagerIdleRule(table) : new OrderedIdleRule(table, this.#position, options)
  }

  add(key: string, source: S, allowedLatenessNs: bigint | undefined): void {
    if (this.table.slotOf(key) !== undefined) {
      throw new InvalidArgumentError({ argument: 'key', value: key, expected: 'a key that no source of this fan-in has' })
    }
    if (this.table.hasSource(source)) {
      throw new InvalidArgumentError({
        argument: 'source',
        value: source,
        expected: 'a source that is not in this fan-in under another key',
      })
    }
    const slot = this.table.add(new SourceEntry(key, source, allowedLatenessNs))
    this.#unsaved.reserve(slot + 1)
    this.#unsynced.reserve(slot + 1)
  }

  remove(key: string): S | undefined {
    const slot = this.table.slotOf(key)
    if (slot === undefined) return undefined
    const entry = this.table.entry(slot)
    for (const name of Object.keys(this.removedCounts) as (keyof Counts)[]) this.removedCounts[name] += entry[name]
    if (this.#current === slot) this.#current = NO_SLOT
    this.#unsaved.delete(slot)
    this.#unsynced.delete(slot)
    this.table.remove(slot)
    return entry.source
  }

  /** @returns false when no source of this key is set aside. */
  retry(key: string): boolean {
    const slot = this.table.slotOf(key)
    return slot !== undefined && this.failed.retry(slot)
  }

  /** Delivers the next message, or `undefined` when none may be delivered now. */
  next(): FanInMessage<M> | undefined {
    for (let slot = this.#find(); slot !== NO_SLOT; slot = this.#find()) {
      const delivery = this.#deliver(slot)
      if (delivery !== undefined) return delivery
      // It showed a message and did not deliver it, which must not become an endless loop.
      if (this.#current !== NO_SLOT) return undefined
    }
    return undefined
  }

  /** Whether {@link next} has a message to deliver. */
  isReady(): boolean {
    return this.#find() !== NO_SLOT
  }

  /** Which source has held messages of others back, and since when; `undefined` while none does. */
  heldBackBy(): HeldBackBy | undefined {
    const { table } = this
    const first = table.tournament.winner
    return table.heldCount > 0 && table.state(first) === PROMISED ? this.#idle.heldBackBy(first) : undefined
  }

  /** Saves the positions of the sources that delivered something since they were saved. @returns what failed; those sources stay in and unsaved. */
  commit(durable: boolean): readonly SourceFailure[] {
    const unsaved = durable ? this.#unsynced : this.#unsaved
    let failures = NO_FAILURES
    for (let place = unsaved.size - 1; place >= 0; place--) {
      const failure = this.#commitSlot(unsaved.at(place), durable)
      if (failure !== undefined) failures = [...failures, failure]
    }
    this.failed.report()
    return failures
  }

  /** Saves the position of one source. */
  commitKey(key: string, durable: boolean): readonly SourceFailure[] {
    const slot = this.table.slotOf(key)
    if (slot === undefined) throw new InvalidArgumentError({ argument: 'key', value: key, expected: 'the key of a source' })
    const unsaved = durable ? this.#unsynced : this.#unsaved
    const failure = unsaved.has(slot) ? this.#commitSlot(slot, durable) : undefined
    this.failed.report()
    return failure === undefined ? NO_FAILURES : [failure]
  }

  /** Failures of the sources that are set aside, sorted by key. */
  failures(): SourceFailure[] {
    return this.table.sortedSlots().flatMap((slot) => this.table.entry(slot).failure ?? [])
  }

  /** The sources that show no message: what a wait waits for. */
  silentSources(): S[] {
    const silent: S[] = []
    for (let slot = 0; slot < this.table.slotLimit; slot++) {
      const state = this.table.state(slot)
      if (state === PROMISED || state === RESTING) silent.push(this.table.entry(slot).source)
    }
    return silent
  }

  /** Finds out which sources a wait failed on, and sets them aside. @returns whether there was one. */
  lookForFailures(): boolean {
    const before = this.failed.setAsideCount
    this.#lookAtSilent()
    const found = this.failed.setAsideCount > before
    this.failed.report()
    return found
  }

  /** Delivers nothing any more, also in the middle of a call that a callback closes. */
  end(): void {
    this.#isClosed = true
  }

  /** Closes every source; one that fails does not keep the others open. */
  closeSources(): void {
    for (const slot of this.table.sortedSlots()) {
      try {
        this.table.entry(slot).source.close()
      } catch (error) {
        this.failed.note(slot, 'close', error)
      }
    }
    this.failed.report()
  }

  /**
   * Slot of the message that comes next. Failures are reported in between, never while a message is on its way: the callback may change the sources. They are reported
   * once per call. A source that the callback retries, and that fails again, waits for the next call, because this one would have no end.
   *
   * The callback may take messages, and may close everything: what was in use, and whether to go on, is asked again after it.
   */
  #find(): number {
    const { table, failed } = this
    if (this.#isClosed) return NO_SLOT
    this.#settle()
    failed.retryDue()
    // While nothing is shown, nothing is held back either: promises need no renewal.
    if (table.heldCount === 0 && !failed.hasUntold && table.areAllStillEmpty()) {
      this.#idle.moved()
      return NO_SLOT
    }
    if (table.resting.size > 0) this.#lookAtSomeResting()
    const first = table.tournament.winner
    if (table.state(first) === HELD && !failed.hasUntold) return first
    const slot = this.#search()
    if (!failed.hasUntold) return slot
    failed.report()
    if (this.#isClosed) return NO_SLOT
    this.#settle()
    return this.#search()
  }

  #search(): number {
    const { table } = this
    const { tournament } = table
    let looksLeft = table.size + 1
    let hasLookedAtAll = false
    for (;;) {
      const first = tournament.winner
      if (table.state(first) === HELD) return first
      if (table.state(first) === PROMISED && looksLeft > 0) {
        looksLeft--
        this.#look(first)
        if (tournament.winner !== first || table.state(first) !== PROMISED) continue
        // The look at all of them is for those that the merge waits for: it would cost each message the number of sources.
        if (table.heldCount > 0 && this.#idle.isTimeOver(first) && this.#letPass(first)) continue
      }
      if (!hasLookedAtAll) {
        hasLookedAtAll = true
        this.#lookAtSilent()
        continue
      }
      if (table.heldCount === 0) this.#idle.moved()
      if (table.heldCount === 0 || !this.#letPass(first)) return NO_SLOT
    }
  }

  #deliver(slot: number): FanInMessage<M> | undefined {
    const { table } = this
    const entry = table.entry(slot)
    const message = this.#take(slot, entry)
    if (message === undefined) return undefined
    const ahead = table.isAhead(slot)
    const inOrder = ahead || this.#position.advance(table.tournament.high(slot), table.tournament.low(slot), entry.key)
    const late = !inOrder || table.isBackward(slot)
    entry.delivered++
    if (late) entry.late++
    if (!inOrder) entry.displaced++
    if (ahead) entry.ahead++
    table.raiseFloor(slot)
    this.failed.recovered(slot)
    this.#unsaved.add(slot)
    this.#unsynced.add(slot)
    this.#current = slot
    this.#idle.moved()
    this.#delivery.fill(entry.key, message, late)
    if (ahead) this.#delivery.markAhead()
    return this.#delivery
  }

  /** A source that shows a message and does not deliver it is looked at again by the next call. */
  #take(slot: number, entry: SourceEntry<M, S>): M | undefined {
    try {
      const message = entry.source.next()
      if (message === undefined) this.#current = slot
      return message
    } catch (error) {
      this.failed.setAside(slot, error)
      return undefined
    }
  }

  /** Looks at the source of the last message, whose message was in use until now. */
  #settle(): void {
    const slot = this.#current
    if (slot === NO_SLOT) return
    this.#current = NO_SLOT
    this.#look(slot)
  }

  /**
   * Between two messages the logarithm of their number of resting sources gets a look, in turns. That bounds both the cost of a message and the number of
   * messages that overtake one of a source that was resting.
   */
  #lookAtSomeResting(): void {
    const { resting } = this.table
    for (let looks = 32 - Math.clz32(resting.size); looks > 0; looks--) {
      const slot = resting.take()
      if (slot !== NO_SLOT) this.#look(slot)
    }
  }

  #lookAtSilent(): void {
    const { table } = this
    for (let slot = 0; slot < table.slotLimit; slot++) {
      const state = table.state(slot)
      if (state === RESTING || state === PROMISED) this.#look(slot)
    }
  }

  #look(slot: number): void {
    try {
      this.#idle.look(slot)
    } catch (error) {
      this.failed.setAside(slot, error)
    }
  }

  #letPass(slot: number): boolean {
    try {
      return this.#idle.letPass(slot)
    } catch (error) {
      this.failed.setAside(slot, error)
      return true
    }
  }

  #commitSlot(slot: number, durable: boolean): SourceFailure | undefined {
    try {
      this.table.entry(slot).source.commit?.(durable ? { durable } : undefined)
    } catch (error) {
      return this.failed.note(slot, 'commit', error)
    }
    this.#unsaved.delete(slot)
    if (durable) this.#unsynced.delete(slot)
    return undefined
  }
}
