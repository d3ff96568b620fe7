/**
 * A message and where it came from: a flyweight that the fan-in fills again for each message, so that merging allocates nothing. Valid until the next call
 * of the fan-in.
 */
export class FanInMessage<M> {
  #key = ''
  #message!: M
  #late = false
  #ahead = false

  /** Key of the source. */
  get key(): string {
    return this.#key
  }

  /** The source's own flyweight: its payload is a view, `copy()` keeps it. */
  get message(): M {
    return this.#message
  }

  /** Whether its timestamp is lower than that of a message delivered before it (or equal, and its key is the lower one). */
  get late(): boolean {
    return this.#late
  }

  /** Whether its timestamp lay in the future by more than `holdBackMs` when it was merged. It was not waited for until then, and no other message is `late` because of it. */
  get ahead(): boolean {
    return this.#ahead
  }

  /** @internal Used by the merge only. */
  fill(key: string, message: M, late: boolean): void {
    this.#ahead = false
    this.#key = key
    this.#message = message
    this.#late = late
  }

  /** @internal Used by the merge only, after {@link fill}. */
  markAhead(): void {
    this.#ahead = true
  }
}
