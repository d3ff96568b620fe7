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
 * allocation. Times are 64 bits wide and kept as two halves, because a number cannot hold nanoseconds since 1970 and a bigint costs an allocation. A slot
 * that takes no part has the time `Infinity`.
 *
 * The tree is Knuth's tree of winners (The Art of Computer Programming 3, 5.4.1). A tree of losers needs one load less per match but can only change the
 * champion's time; here sources come back from idleness in any order.
 */
export class Tournament {
  #capacity = 1
  #winners = new Int32Array(2)
  #high = new Float64Array(1).fill(Number.POSITIVE_INFINITY)
  #low = new Float64Array(1)
  #ranks = new Float64Array(1)

  /** The slot with the lowest time, ties going to the lowest rank. Some slot without a time when no slot has one. */
  get winner(): number {
    return this.#winners[1] as number
  }

  /** Makes room for the slots 0 to `capacity - 1`. */
  reserve(capacity: number): void {
    if (capacity <= this.#capacity) return
    let grown = this.#capacity
    while (grown < capacity) grown *= 2
    this.#high = widen(this.#high, grown, Number.POSITIVE_INFINITY)
    this.#low = widen(this.#low, grown, 0)
    this.#ranks = widen(this.#ranks, grown, 0)
    this.#winners = new Int32Array(grown * 2)
    this.#capacity = grown
    this.#playAll()
  }

  /** Upper half of the slot's time; `Infinity` without one. */
  high(slot: number): number {
    return this.#high[slot] as number
  }

  low(slot: number): number {
    return this.#low[slot] as number
  }

  enter(slot: number, high: number, low: number): void {
    this.#high[slot] = high
    this.#low[slot] = low
    this.#play(slot)
  }

  /** Takes the slot out of the comparison. */
  withdraw(slot: number): void {
    this.enter(slot, Number.POSITIVE_INFINITY, 0)
  }

  /** Ranks may be changed as long as the order of the slots that have one stays: the tree is not played again. */
  rank(slot: number, rank: number): void {
    this.#ranks[slot] = rank
  }

  rankOf(slot: number): number {
    return this.#ranks[slot] as number
  }

  #play(slot: number): void {
    const winners = this.#winners
    const highs = this.#high
    let node = this.#capacity + slot
    let winner = slot
    let high = highs[slot] as number
    while (node > 1) {
      const rival = winners[node ^ 1] as number
      const rivalHigh = highs[rival] as number
      if (rivalHigh < high || (rivalHigh === high && this.#winsTie(rival, winner))) {
        winner = rival
        high = rivalHigh
      }
      node >>= 1
      winners[node] = winner
    }
  }

  #winsTie(rival: number, winner: number): boolean {
    const rivalLow = this.#low[rival] as number
    const low = this.#low[winner] as number
    return rivalLow < low || (rivalLow === low && (this.#ranks[rival] as number) < (this.#ranks[winner] as number))
  }

  #playAll(): void {
    const { length } = this.#high
    for (let slot = 0; slot < length; slot++) this.#winners[this.#capacity + slot] = slot
    for (let node = this.#capacity - 1; node > 0; node--) {
      const left = this.#winners[node * 2] as number
      const right = this.#winners[node * 2 + 1] as number
      this.#winners[node] = this.#beats(right, left) ? right : left
    }
  }

  #beats(rival: number, winner: number): boolean {
    const rivalHigh = this.#high[rival] as number
    const high = this.#high[winner] as number
    return rivalHigh < high || (rivalHigh === high && this.#winsTie(rival, winner))
  }
}

function widen(from: Float64Array<ArrayBuffer>, length: number, filler: number): Float64Array<ArrayBuffer> {
  const wide = new Float64Array(length).fill(filler)
  wide.set(from)
  return wide
}
