import { toHalf } from '@chronicle-ts/core/internal'
import { WRITER_QUESTION_INTERVAL_MS } from './defaults.js'
import type { FanInSource, TimedMessage } from './fan-in-source.js'
import type { IdleRule } from './idle-rule.js'
import type { HeldBackBy } from './merge-metrics.js'
import type { MergePosition } from './merge-position.js'
import { NEVER, type SourceEntry } from './source-entry.js'
import { HELD, PROMISED, type SourceTable } from './source-table.js'
import { type Clocks, Standstill } from './standstill.js'

/**
 * A source that shows nothing promises a time, below which it delivers nothing any more, and takes part in the merge with it like with a message. Nothing
 * later than that is delivered before the promise was renewed:
 *
 * | the writer | the promise |
 * |---|---|
 * | has published a heartbeat | heartbeat less the allowed lateness; at least the time of its last message |
 * | is dead | now: what a new writer appends is stamped later |
 * | holds others back for longer than allowed | none: the merge goes on without the source until it has caught up |
 *
 * The order of loads is what makes a promise true: first the heartbeat (or the clock), **then** the look that finds nothing.
 *
 * A source's time is over when the merge has stood still for `holdBackMs`: this time, or in all since the source last gave a **sign**. A sign is a message that it shows, or a promise that rose at
 * least to what was delivered. The sum is what keeps many silent sources from holding the merge back one after the other, each from the message on that it alone holds back.
 * All of them were silent in the first standstill. A message is a sign when it is first seen, not when it is delivered, since the source has been silent from then on.
 */
export class OrderedIdleRule<M extends TimedMessage, S extends FanInSource<M>> implements IdleRule {
  readonly #table: SourceTable<M, S>
  readonly #position: MergePosition
  readonly #clocks: Clocks
  readonly #holdBackMs: number
  /** The 64 bits of a promise and their two halves, without a bigint per half. */
  readonly #promise = new BigUint64Array(1)
  readonly #halves = new Uint32Array(this.#promise.buffer)
  readonly #standstill: Standstill

  constructor(
    table: SourceTable<M, S>,
    position: MergePosition,
    options: { readonly holdBackMs: number; readonly clocks: Clocks },
  ) {
    this.#table = table
    this.#position = position
    this.#clocks = options.clocks
    this.#standstill = new Standstill(options.clocks)
    this.#holdBackMs = options.holdBackMs
  }

  look(slot: number): void {
    const table = this.#table
    const entry = table.entry(slot)
    if (table.state(slot) === HELD && table.look(slot)) {
      this.#noteSign(entry)
      return
    }
    const nowNs = entry.isEnded ? this.#clocks.realtimeNs() : 0n
    const { heartbeatNs } = entry.source
    if (table.look(slot)) {
      this.#noteSign(entry)
      return
    }
    const hasBeat = heartbeatNs !== entry.heartbeatNs
    if (hasBeat) {
      entry.heartbeatNs = heartbeatNs
      entry.isEnded = false
    }
    const { allowedLatenessNs } = entry
    if (entry.isEnded) this.#promise[0] = nowNs
    else if (allowedLatenessNs === undefined || heartbeatNs <= allowedLatenessNs) this.#promise[0] = 0n
    else this.#promise[0] = heartbeatNs - allowedLatenessNs
    this.#renew(slot, entry, hasBeat || entry.isEnded)
  }

  letPass(slot: number): boolean {
    return this.#passDead(slot) || this.#passSlow(slot)
  }

  isTimeOver(slot: number): boolean {
    return this.#standstill.forMsSince(this.#table.entry(slot).signMs) >= this.#holdBackMs
  }

  moved(): void {
    this.#standstill.end()
  }

  heldBackBy(slot: number): HeldBackBy | undefined {
    const { sinceNs } = this.#standstill
    if (sinceNs === undefined) return undefined
    const entry = this.#table.entry(slot)
    return { key: entry.key, sinceNs, forMs: this.#standstill.forMsSince(entry.signMs) }
  }

  /** A promise never sinks while the source shows nothing, and never lies below its last message. */
  #renew(slot: number, entry: SourceEntry<M, S>, isNew: boolean): void {
    const table = this.#table
    let high = toHalf(this.#halves[1] as number)
    let low = toHalf(this.#halves[0] as number)
    const isPromised = table.state(slot) === PROMISED
    const leastHigh = isPromised ? table.tournament.high(slot) : table.floorHigh(slot)
    const leastLow = isPromised ? table.tournament.low(slot) : table.floorLow(slot)
    let hasRisen = isNew
    if (high < leastHigh || (high === leastHigh && low <= leastLow)) {
      high = leastHigh
      low = leastLow
      hasRisen = false
    }
    const isBehind = this.#position.isAfter(high, low)
    if (entry.signMs === NEVER || (hasRisen && !isBehind)) this.#noteSign(entry)
    if (entry.isLeftBehind && (isBehind || this.isTimeOver(slot))) {
      table.rest(slot)
    } else {
      entry.isLeftBehind = false
      table.promise(slot, high, low)
    }
  }

  /** The lock is asked, which costs system calls, so not often. Then the order of loads asks for one more look. */
  #passDead(slot: number): boolean {
    const entry = this.#table.entry(slot)
    if (entry.isEnded) {
      // What is held was visible before this look reads the clock: if that does not let it pass, another clock stamped it.
      this.look(slot)
      if (this.#table.state(slot) !== PROMISED || this.#table.holdsBefore(slot)) return true
      entry.isLeftBehind = true
      this.#table.rest(slot)
      return true
    }
    const nowMs = this.#clocks.monotonicMs()
    if (nowMs - entry.askedMs < WRITER_QUESTION_INTERVAL_MS) return false
    entry.askedMs = nowMs
    if (entry.source.writerStatus().alive) return false
    entry.isEnded = true
    this.look(slot)
    return true
  }

  #noteSign(entry: SourceEntry<M, S>): void {
    entry.signMs = this.#standstill.totalMs
  }

  #passSlow(slot: number): boolean {
    this.#standstill.begin()
    if (!this.isTimeOver(slot)) return false
    const entry = this.#table.entry(slot)
    entry.isLeftBehind = true
    entry.released++
    this.#table.rest(slot)
    return true
  }
}
