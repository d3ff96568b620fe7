import { toHalf } from '@chronicle-ts/core/internal'
import { WRITER_QUESTION_INTERVAL_MS } from './defaults.js'
import type { FanInSource, TimedMessage } from './fan-in-source.js'
import type { IdleRule } from './idle-rule.js'
import type { MergePosition } from './merge-position.js'
import type { SourceEntry } from './source-entry.js'
import { HELD, PROMISED, type SourceTable } from './source-table.js'

/** The clocks of a merge. Tests of waiting give their own. */
export interface Clocks {
  /** CLOCK_REALTIME in nanoseconds, the clock that writers stamp with. */
  realtimeNs(): bigint
  /** Milliseconds of a clock that never goes back. */
  monotonicMs(): number
}

/**
 * A source that shows nothing promises a time, below which it delivers nothing any more, and takes part in the merge with it like with a message. Nothing
 * later than that is delivered before the promise was renewed:
 *
 * | the writer | the promise |
 * |---|---|
 * | has told a heartbeat | heartbeat less the allowed lateness; at least the time of its last message |
 * | is dead | now: what a new writer appends is stamped later |
 * | holds others back for longer than allowed | none: the merge goes on without the source until it has caught up |
 *
 * The order of loads is what makes a promise true: first the heartbeat (or the clock), **then** the look that finds nothing.
 */
export class OrderedIdleRule<M extends TimedMessage, S extends FanInSource<M>> implements IdleRule {
  readonly #table: SourceTable<M, S>
  readonly #position: MergePosition
  readonly #clocks: Clocks
  readonly #holdBackMs: number
  /** The 64 bits of a promise and their two halves, without a bigint per half. */
  readonly #promise = new BigUint64Array(1)
  readonly #halves = new Uint32Array(this.#promise.buffer)
  /** Since when messages are held back, in milliseconds of the monotonic clock; NaN while none is. */
  #heldSinceMs = Number.NaN
  /** The same moment, CLOCK_REALTIME. */
  #heldSinceNs = 0n

  constructor(
    table: SourceTable<M, S>,
    position: MergePosition,
    options: { readonly holdBackMs: number; readonly clocks: Clocks },
  ) {
    this.#table = table
    this.#position = position
    this.#clocks = options.clocks
    this.#holdBackMs = options.holdBackMs
  }

  look(slot: number): void {
    if (this.#table.state(slot) === HELD && this.#table.look(slot)) return
    const entry = this.#table.entry(slot)
    const nowNs = entry.isEnded ? this.#clocks.realtimeNs() : 0n
    const { heartbeatNs } = entry.source
    if (this.#table.look(slot)) return
    if (heartbeatNs !== entry.heartbeatNs) {
      entry.heartbeatNs = heartbeatNs
      entry.isEnded = false
    }
    const { allowedLatenessNs } = entry
    if (entry.isEnded) this.#promise[0] = nowNs
    else if (allowedLatenessNs === undefined || heartbeatNs <= allowedLatenessNs) this.#promise[0] = 0n
    else this.#promise[0] = heartbeatNs - allowedLatenessNs
    this.#renew(slot, entry)
  }

  letPass(slot: number): boolean {
    return this.#passDead(slot) || this.#passSlow(slot)
  }

  moved(): void {
    this.#heldSinceMs = Number.NaN
  }

  get heldSince(): { readonly sinceNs: bigint; readonly forMs: number } | undefined {
    if (Number.isNaN(this.#heldSinceMs)) return undefined
    return { sinceNs: this.#heldSinceNs, forMs: this.#clocks.monotonicMs() - this.#heldSinceMs }
  }

  /** A promise never sinks while the source shows nothing, and never lies below its last message. */
  #renew(slot: number, entry: SourceEntry<M, S>): void {
    const table = this.#table
    let high = toHalf(this.#halves[1] as number)
    let low = toHalf(this.#halves[0] as number)
    const isPromised = table.state(slot) === PROMISED
    const leastHigh = isPromised ? table.tournament.high(slot) : table.floorHigh(slot)
    const leastLow = isPromised ? table.tournament.low(slot) : table.floorLow(slot)
    if (high < leastHigh || (high === leastHigh && low < leastLow)) {
      high = leastHigh
      low = leastLow
    }
    if (entry.isLeftBehind && (this.#position.isAfter(high, low) || this.#isTimeOver())) {
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

  /** Whether the merge stood still for as long as it may; the sources that it no longer waits for stay so until a message was delivered. */
  #isTimeOver(): boolean {
    return this.#clocks.monotonicMs() - this.#heldSinceMs >= this.#holdBackMs
  }

  /** The time is counted from the moment when the merge came to a standstill, not per source: many silent sources hold it back no longer than one. */
  #passSlow(slot: number): boolean {
    if (Number.isNaN(this.#heldSinceMs)) {
      this.#heldSinceMs = this.#clocks.monotonicMs()
      this.#heldSinceNs = this.#clocks.realtimeNs()
    }
    if (!this.#isTimeOver()) return false
    const entry = this.#table.entry(slot)
    entry.isLeftBehind = true
    entry.released++
    this.#table.rest(slot)
    return true
  }
}
