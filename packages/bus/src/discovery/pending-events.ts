import type { DiscoveryEvent } from './discovery-event.js'

/**
 * Events that were not taken yet: at most two per strategy, however long they are not taken. The pending events lead from the last state that the
 * consumer received to the present state; intermediate changes are merged. A strategy that was removed and added again is reported as both. Its directory may have been
 * replaced after its READY was deleted, and then the consumer has another queue open.
 */
export class PendingEvents {
  readonly #byStrategy = new Map<string, readonly DiscoveryEvent[]>()
  /**
   * Strategies, once per event, in the order in which consumers that take one event at a time get them. The events stay in the map, so that they are folded until they are
   * taken. What comes meanwhile waits for the next round, so that one strategy that comes and goes all the time keeps no other from being reported.
   */
  #turns: string[] = []

  get count(): number {
    let count = 0
    for (const events of this.#byStrategy.values()) count += events.length
    return count
  }

  add(event: DiscoveryEvent): void {
    this.#byStrategy.set(event.strategy, fold(this.#byStrategy.get(event.strategy) ?? [], event))
  }

  /** All events, sorted by strategy; those of one strategy in the order in which they happened. */
  takeAll(): DiscoveryEvent[] {
    if (this.#byStrategy.size === 0) return []
    const events = this.#sorted()
    this.#byStrategy.clear()
    this.#turns = []
    return events
  }

  /** The next event, or `undefined`. */
  takeOne(): DiscoveryEvent | undefined {
    while (this.#byStrategy.size > 0) {
      if (this.#turns.length === 0) this.#turns = this.#sorted().map(({ strategy }) => strategy)
      const strategy = this.#turns.shift() as string
      const [event, ...rest] = this.#byStrategy.get(strategy) ?? []
      if (rest.length > 0) this.#byStrategy.set(strategy, rest)
      else this.#byStrategy.delete(strategy)
      if (event !== undefined) return event
    }
    return undefined
  }

  #sorted(): DiscoveryEvent[] {
    const strategies = [...this.#byStrategy.keys()].sort()
    return strategies.flatMap((strategy) => this.#byStrategy.get(strategy) ?? [])
  }
}

/**
 * | pending           | next      | becomes                                          |
 * |-------------------|-----------|--------------------------------------------------|
 * | nothing           | any       | that                                             |
 * | added             | restarted | added, with the newer incarnation                |
 * | added             | removed   | added, removed                                   |
 * | restarted         | restarted | restarted, with all that changed                 |
 * | restarted         | removed   | removed                                          |
 * | removed           | added     | removed, added                                   |
 * | added, removed    | added     | added                                            |
 * | removed, added    | restarted | removed, added, with the newer incarnation       |
 * | removed, added    | removed   | the first removed                                |
 * | nothing, left     | left      | left                                             |
 * | left              | added     | added                                            |
 * | removed           | left      | removed, left                                    |
 * | removed, left     | added     | removed, added                                   |
 * | added, removed    | left      | added, removed: the taker reads to the end       |
 */
function fold(pending: readonly DiscoveryEvent[], next: DiscoveryEvent): readonly DiscoveryEvent[] {
  const last = pending.at(-1)
  if (last === undefined) return [next]
  switch (next.kind) {
    case 'restarted':
      if (last.kind === 'added') return [...pending.slice(0, -1), { ...last, incarnation: next.incarnation }]
      return [{ ...next, changed: last.kind === 'restarted' ? [...new Set([...last.changed, ...next.changed])] : next.changed }]
    case 'removed':
      if (last.kind !== 'added') return [next]
      return pending.length === 2 ? pending.slice(0, 1) : [last, next]
    case 'added': {
      if (last.kind === 'left') return [...pending.slice(0, -1), next]
      if (pending.length === 2) return [next]
      return [last, next]
    }
    case 'left': {
      if (last.kind === 'left') return [...pending.slice(0, -1), next]
      return last.kind === 'removed' && pending.length === 1 ? [last, next] : pending
    }
  }
}
