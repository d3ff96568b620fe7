import type { TimeHalf } from '@chronicle-ts/core'
import { LOWEST_HALF } from '@chronicle-ts/core/internal'
import type { FanInSource, TimedMessage } from './fan-in-source.js'
import { SlotSet } from './slot-set.js'
import type { SourceEntry } from './source-entry.js'
import type { TimeBound } from './time-bound.js'
import { Tournament } from './tournament.js'

/** No source has this slot. */
const FREE = 0
/** The source shows a message; it takes part with the message's time. */
export const HELD = 1
/** The source shows none; it takes part with a time below which it promises to deliver nothing (0: it was not looked at yet). */
export const PROMISED = 2
/** The source shows none and the merge does not wait for it. */
export const RESTING = 3
/** The source failed and is set aside. */
export const FAILED = 4

/**
 * The sources of a merge by slot, a small integer that stays the same while the source is in, and by key. Every source is in one of the states above; a change of
 * state goes through here, so that the counts, the resting set and the tournament always agree with it.
 *
 * The time of a message for merging is the highest timestamp of its source up to it, those that were ahead left out. Otherwise one timestamp that goes backwards would have to overtake
 * its predecessors, and a queue's own order is never changed.
 */
export class SourceTable<M extends TimedMessage, S extends FanInSource<M>> {
  readonly resting = new SlotSet()
  readonly tournament = new Tournament()
  readonly #bound: TimeBound
  readonly #slots = new Map<string, number>()
  readonly #sources = new Set<S>()
  readonly #entries: (SourceEntry<M, S> | undefined)[] = []
  readonly #freeSlots: number[] = []
  #states = new Uint8Array(0)
  /** Per slot, two halves: the merge time of the last message delivered. */
  #floors = new Int32Array(0)
  /** Per slot: whether the held message's own timestamp is below its merge time. */
  #backward = new Uint8Array(0)
  /** Per slot: whether the held message is ahead, see {@link TimeBound}. */
  #ahead = new Uint8Array(0)
  #heldCount = 0

  constructor(bound: TimeBound) {
    this.#bound = bound
  }

  get size(): number {
    return this.#slots.size
  }

  /** Slots in use are below it. */
  get slotLimit(): number {
    return this.#entries.length
  }

  /** How many sources show a message. */
  get heldCount(): number {
    return this.#heldCount
  }

  /** Sorted. */
  keys(): string[] {
    return this.sortedSlots().map((slot) => this.entry(slot).key)
  }

  slotOf(key: string): number | undefined {
    return this.#slots.get(key)
  }

  hasSource(source: S): boolean {
    return this.#sources.has(source)
  }

  state(slot: number): number {
    return this.#states[slot] as number
  }

  /** The source of a slot that is in use. */
  entry(slot: number): SourceEntry<M, S> {
    return this.#entries[slot] as SourceEntry<M, S>
  }

  /** The slots in use, sorted by key. */
  sortedSlots(): number[] {
    return [...this.#slots.values()].sort((a, b) => this.tournament.rankOf(a) - this.tournament.rankOf(b))
  }

  /** Adds a source that was not looked at: it comes first in the tournament and so is looked at before anything is delivered. */
  add(entry: SourceEntry<M, S>): number {
    const slot = this.#freeSlots.pop() ?? this.#entries.length
    this.#reserve(slot + 1)
    this.tournament.rank(slot, this.#makeRoomInRanks(entry.key))
    this.#entries[slot] = entry
    this.#slots.set(entry.key, slot)
    this.#sources.add(entry.source)
    this.#floors.fill(LOWEST_HALF, slot * 2, slot * 2 + 2)
    this.promise(slot, LOWEST_HALF, LOWEST_HALF)
    return slot
  }

  remove(slot: number): void {
    const { key, source } = this.entry(slot)
    this.#sources.delete(source)
    this.#enterState(slot, FREE)
    this.tournament.withdraw(slot)
    const rank = this.tournament.rankOf(slot)
    for (const other of this.#slots.values()) {
      const otherRank = this.tournament.rankOf(other)
      if (otherRank > rank) this.tournament.rank(other, otherRank - 1)
    }
    this.#slots.delete(key)
    this.#entries[slot] = undefined
    this.#freeSlots.push(slot)
  }

  /** Looks at the source. @returns true when it shows a message, which now takes part. @throws what the source throws. */
  look(slot: number): boolean {
    const message = this.entry(slot).source.peek()
    if (message === undefined) return false
    let high = message.timestampHigh
    let low = message.timestampLow
    const floorHigh = this.floorHigh(slot)
    const floorLow = this.floorLow(slot)
    const backward = high < floorHigh || (high === floorHigh && low < floorLow)
    if (backward) {
      high = floorHigh
      low = floorLow
    }
    this.#backward[slot] = backward ? 1 : 0
    if (this.#states[slot] !== HELD) this.#enterState(slot, HELD)
    if (this.#bound.isAhead(high, low)) this.#enterAhead(slot, high, low)
    else {
      this.#leaveAhead(slot)
      this.tournament.enter(slot, high, low)
    }
    return true
  }

  #enterAhead(slot: number, high: TimeHalf, low: TimeHalf): void {
    if (this.#ahead[slot] === 0) this.#bound.enter()
    this.#ahead[slot] = 1
    this.tournament.enterBounded(slot, { high, low }, this.#bound)
  }

  #leaveAhead(slot: number): void {
    if (this.#ahead[slot] === 0) return
    this.#ahead[slot] = 0
    this.#bound.leave()
  }

  /** Whether no source has anything new since it was looked at, as far as {@link FanInSource.isStillEmpty} shows. Of use while none shows a message. */
  areAllStillEmpty(): boolean {
    for (let slot = 0; slot < this.#entries.length; slot++) {
      const state = this.#states[slot] as number
      if (state !== PROMISED && state !== RESTING) continue
      const { source } = this.#entries[slot] as SourceEntry<M, S>
      if (source.isStillEmpty === undefined || !source.isStillEmpty()) return false
    }
    return true
  }

  /** The source shows nothing and will deliver nothing before this time. */
  promise(slot: number, high: TimeHalf, low: TimeHalf): void {
    this.#enterState(slot, PROMISED)
    this.tournament.enter(slot, high, low)
  }

  /** The source shows nothing and the merge does not wait for it. */
  rest(slot: number): void {
    if (this.state(slot) === RESTING) return
    this.#enterState(slot, RESTING)
    this.tournament.withdraw(slot)
  }

  /** The source is set aside. */
  fail(slot: number): void {
    this.#enterState(slot, FAILED)
    this.tournament.withdraw(slot)
  }

  /** Whether a source shows a message that goes before this slot's time. Asks all of them: for rare occasions. */
  holdsBefore(slot: number): boolean {
    for (let other = 0; other < this.slotLimit; other++) {
      if (this.#states[other] === HELD && this.tournament.beats(other, slot)) return true
    }
    return false
  }

  /** Merge time of the source's last delivered message, upper half. */
  floorHigh(slot: number): TimeHalf {
    return this.#floors[slot * 2] as number
  }

  floorLow(slot: number): TimeHalf {
    return this.#floors[slot * 2 + 1] as number
  }

  /** Whether the message that the source shows is ahead: a timestamp from the future, which counts for its own message only. */
  isAhead(slot: number): boolean {
    return this.#ahead[slot] === 1
  }

  /** The message that the source shows is being delivered. One that is ahead leaves the floor where it is. */
  raiseFloor(slot: number): void {
    if (this.#ahead[slot] === 1) return
    this.#floors[slot * 2] = this.tournament.high(slot)
    this.#floors[slot * 2 + 1] = this.tournament.low(slot)
  }

  /** Whether the message that the source shows has a timestamp below that of a message before it in its own queue. */
  isBackward(slot: number): boolean {
    return this.#backward[slot] === 1
  }

  #enterState(slot: number, to: number): void {
    const from = this.#states[slot]
    if (from === to) return
    if (from === HELD) {
      this.#heldCount--
      this.#leaveAhead(slot)
    } else if (from === RESTING) this.resting.delete(slot)
    if (to === HELD) this.#heldCount++
    else if (to === RESTING) this.resting.add(slot)
    this.#states[slot] = to
  }

  /** Rank of a new key among the others, which move up: ranks are the keys' places in the order of their UTF-16 code units. */
  #makeRoomInRanks(key: string): number {
    let rank = 0
    for (const [other, slot] of this.#slots) {
      if (other < key) rank++
      else this.tournament.rank(slot, this.tournament.rankOf(slot) + 1)
    }
    return rank
  }

  #reserve(capacity: number): void {
    if (capacity <= this.#states.length) return
    const grown = Math.max(16, capacity, this.#states.length * 2)
    const states = new Uint8Array(grown)
    states.set(this.#states)
    const floors = new Int32Array(grown * 2)
    floors.set(this.#floors)
    const [backward, ahead] = [new Uint8Array(grown), new Uint8Array(grown)]
    backward.set(this.#backward)
    ahead.set(this.#ahead)
    this.#states = states
    this.#floors = floors
    this.#backward = backward
    this.#ahead = ahead
    this.resting.reserve(grown)
    this.tournament.reserve(grown)
  }
}
