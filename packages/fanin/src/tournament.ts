import type { TimeHalf } from '@chronicle-ts/core'
import { assert, LOWEST_HALF } from '@chronicle-ts/core/internal'

/**
 * Finds the slot with the lowest (time, rank) among many. A knock-out tournament in an array: the leaves are the slots, every node above holds the winner
 * of the two below, the champion stands at 1.
 *
 * ```text
 *                 1: slot 2
 *         2: slot 0         3: slot 2
 *      slot 0   slot 1   slot 2   slot 3
 * ```
 *
 * When a slot's time changes, in either direction, only the matches on its way to the top are played again: log2(capacity) comparisons, no
 * allocation.
 *
 * Times are 64 bits wide and kept as two halves, because a number cannot hold nanoseconds since 1970 and a bigint costs an allocation. What is compared first is one
 * number, the distance from the first time that was entered. It is exact within 104 days and rounded beyond; rounding never turns an order around, it
 * only makes times equal, and for equal ones the halves decide. A slot that takes no part has the distance `Infinity`.
 *
 * The tree is Knuth's tree of winners (The Art of Computer Programming 3, 5.4.1). A tree of losers needs one load less per match but can only change the
 * champion's time; here sources come back from idleness in any order.
 */
export class Tournament {
  #capacity = 1
  #winners = new Int32Array(2)
  #distances = new Float64Array(1).fill(Number.POSITIVE_INFINITY)
  #high = new Int32Array(1)
  #low = new Int32Array(1)
  #ranks = new Int32Array(1)
  /** Upper half of the first time that has one; distances are counted from there. */
  #baseHigh = LOWEST_HALF

  /** The slot with the lowest time, ties going to the lowest rank. Some slot without a time when no slot has one. */
  get winner(): number {
    return this.#winners[1] as number
  }

  /** Makes room for the slots 0 to `capacity - 1`. */
  reserve(capacity: number): void {
    if (capacity <= this.#capacity) return
    let grown = this.#capacity
    while (grown < capacity) grown *= 2
    const distances = new Float64Array(grown).fill(Number.POSITIVE_INFINITY)
    distances.set(this.#distances)
    const [high, low, ranks] = [new Int32Array(grown), new Int32Array(grown), new Int32Array(grown)]
    high.set(this.#high)
    low.set(this.#low)
    ranks.set(this.#ranks)
    this.#distances = distances
    this.#high = high
    this.#low = low
    this.#ranks = ranks
    this.#winners = new Int32Array(grown * 2)
    this.#capacity = grown
    this.#playAll()
  }

  /** Whether the slot takes part. */
  has(slot: number): boolean {
    return this.#distances[slot] !== Number.POSITIVE_INFINITY
  }

  /** Upper half of the time that the slot was entered with. */
  high(slot: number): TimeHalf {
    return this.#high[slot] as number
  }

  low(slot: number): TimeHalf {
    return this.#low[slot] as number
  }

  /** Gives the slot a time. */
  enter(slot: number, high: TimeHalf, low: TimeHalf): void {
    if (this.#baseHigh === LOWEST_HALF && high !== LOWEST_HALF) this.#moveBase(high)
    this.#high[slot] = high
    this.#low[slot] = low
    this.#distances[slot] = (high - this.#baseHigh) * 0x1_0000_0000 + low
    this.#play(slot)
  }

  /** Gives the slot a time, and has it take part as if that were `bound`. Among slots of the same bound their own times decide. */
  enterBounded(
    slot: number,
    time: { readonly high: TimeHalf; readonly low: TimeHalf },
    bound: { readonly high: TimeHalf; readonly low: TimeHalf },
  ): void {
    if (this.#baseHigh === LOWEST_HALF && bound.high !== LOWEST_HALF) this.#moveBase(bound.high)
    this.#high[slot] = time.high
    this.#low[slot] = time.low
    this.#distances[slot] = (bound.high - this.#baseHigh) * 0x1_0000_0000 + bound.low
    this.#play(slot)
  }

  /** Takes the slot out of the comparison. */
  withdraw(slot: number): void {
    this.#distances[slot] = Number.POSITIVE_INFINITY
    this.#play(slot)
  }

  /** Whether the first slot would win against the second. */
  beats(rival: number, winner: number): boolean {
    const distance = this.#distances[winner] as number
    const rivalDistance = this.#distances[rival] as number
    return rivalDistance < distance || (rivalDistance === distance && this.#winsTie(rival, winner))
  }

  /** Ranks may be changed as long as the order of the slots that have one stays: the tree is not played again. */
  rank(slot: number, rank: number): void {
    this.#ranks[slot] = rank
  }

  rankOf(slot: number): number {
    return this.#ranks[slot] as number
  }

  #play(slot: number): void {
    // A store beyond the end of a typed array does nothing: the source would fall silent.
    assert(slot >= 0 && slot < this.#capacity, 'a source has a slot in the tournament')
    const winners = this.#winners
    const distances = this.#distances
    let node = this.#capacity + slot
    let winner = slot
    let distance = distances[slot] as number
    while (node > 1) {
      const rival = winners[node ^ 1] as number
      const rivalDistance = distances[rival] as number
      if (rivalDistance < distance || (rivalDistance === distance && this.#winsTie(rival, winner))) {
        winner = rival
        distance = rivalDistance
      }
      node >>= 1
      winners[node] = winner
    }
  }

  #winsTie(rival: number, winner: number): boolean {
    const high = this.#high[winner] as number
    const rivalHigh = this.#high[rival] as number
    if (rivalHigh !== high) return rivalHigh < high
    const low = this.#low[winner] as number
    const rivalLow = this.#low[rival] as number
    return rivalLow < low || (rivalLow === low && (this.#ranks[rival] as number) < (this.#ranks[winner] as number))
  }

  #moveBase(high: TimeHalf): void {
    this.#baseHigh = high
    for (let slot = 0; slot < this.#capacity; slot++) {
      if (this.has(slot)) this.#distances[slot] = (this.high(slot) - high) * 0x1_0000_0000 + this.low(slot)
    }
    this.#playAll()
  }

  #playAll(): void {
    for (let slot = 0; slot < this.#capacity; slot++) this.#winners[this.#capacity + slot] = slot
    for (let node = this.#capacity - 1; node > 0; node--) {
      const left = this.#winners[node * 2] as number
      const right = this.#winners[node * 2 + 1] as number
      this.#winners[node] = this.beats(right, left) ? right : left
    }
  }
}
