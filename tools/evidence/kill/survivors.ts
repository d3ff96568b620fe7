import type { Holdings } from './actor.js'
import type { Role } from './cast.js'
import { type Ledger, READER_DELIVERED, STALL_COUNT, STALL_MS_MAX } from './ledger.js'
import type { Tally } from './tally.js'

/** A parked reader looks again after a tenth of a second at the latest; the rest is for a machine that has better things to do. */
const STALL_MS_LIMIT = 100 + 5_000
/** A segment that is left is unmapped in the background, and the one after it is mapped already. */
const HOLDINGS_MORE_MAX = 4

/** Readers that are never killed: what the deaths of others leave in them, and for how long these hold them up. */
export class Survivors {
  readonly #roles: readonly Role[]
  readonly #directory: string
  readonly #ledger: Ledger
  #first: readonly Holdings[] = []

  constructor(roles: readonly Role[], directory: string, ledger: Ledger) {
    this.#roles = roles
    this.#directory = directory
    this.#ledger = ledger
  }

  /** They have opened, and no process has died yet. */
  begin(): void {
    this.#first = this.#holdings()
  }

  /** The processes that hold more than at the beginning. */
  checkHoldings(): string[] {
    return this.#holdings().flatMap((now, i) => {
      const first = this.#first[i] ?? { descriptors: 0, mappings: 0 }
      const grew = now.descriptors > first.descriptors + HOLDINGS_MORE_MAX || now.mappings > first.mappings + HOLDINGS_MORE_MAX
      return grew ? [`${this.#roles[i]?.actor.name} holds ${JSON.stringify(now)}, at first ${JSON.stringify(first)}`] : []
    })
  }

  /** The readers that waited for a message that was there. */
  checkStalls(): string[] {
    return this.#roles.flatMap(({ actor, index }) => {
      const stallMs = this.#ledger.actor(index, STALL_MS_MAX)
      return stallMs > STALL_MS_LIMIT ? [`${actor.name} waited ${stallMs} ms for a message that was there`] : []
    })
  }

  hasReadTo(sequence: number): boolean {
    return this.#roles.every(({ index }) => this.#ledger.actor(index, READER_DELIVERED) >= sequence)
  }

  count(tally: Tally): void {
    for (const { index } of this.#roles) {
      tally.add('waits of survivors', this.#ledger.actor(index, STALL_COUNT))
      tally.addStall(this.#ledger.actor(index, STALL_MS_MAX))
    }
  }

  #holdings(): Holdings[] {
    return this.#roles.map(({ actor }) => actor.holdings(this.#directory))
  }
}
