/** No slot: what a search answers that found nothing. */
export const NO_SLOT = -1

/**
 * A set of small integers (slots) in which adding, deleting and asking cost the same for any size and allocate nothing. Its members also stand in a
 * row, in no particular order, so that they can be visited one by one and in turns.
 *
 * ```text
 * members   7 2 9 . .     the first `size` count
 * places    slot 2 -> 1, slot 7 -> 0, slot 9 -> 2, every other -> -1
 * ```
 *
 * The sparse set of Briggs and Torczon, with places instead of garbage.
 */
export class SlotSet {
  #members = new Int32Array(0)
  #places = new Int32Array(0)
  #size = 0
  #turn = 0

  get size(): number {
    return this.#size
  }

  /** Makes room for the slots 0 to `capacity - 1`. */
  reserve(capacity: number): void {
    if (capacity <= this.#places.length) return
    const members = new Int32Array(capacity)
    members.set(this.#members)
    const places = new Int32Array(capacity).fill(NO_SLOT)
    places.set(this.#places)
    this.#members = members
    this.#places = places
  }

  has(slot: number): boolean {
    return (this.#places[slot] as number) >= 0
  }

  /** Adds a slot below the reserved capacity; one that is in already stays. */
  add(slot: number): void {
    if ((this.#places[slot] as number) >= 0) return
    this.#places[slot] = this.#size
    this.#members[this.#size++] = slot
  }

  /** Deletes a slot; the last member takes its place. One that is not in is ignored. */
  delete(slot: number): void {
    const place = this.#places[slot] as number
    if (place < 0) return
    const last = this.#members[--this.#size] as number
    this.#members[place] = last
    this.#places[last] = place
    this.#places[slot] = NO_SLOT
  }

  /** The member at a place from 0 to `size - 1`. Deleting it moves the last one here: walk downwards to delete on the way. */
  at(place: number): number {
    return this.#members[place] as number
  }

  /** The members in turns, one per call, without an end; {@link NO_SLOT} when there is none. */
  take(): number {
    if (this.#size === 0) return NO_SLOT
    if (this.#turn >= this.#size) this.#turn = 0
    return this.#members[this.#turn++] as number
  }
}
