import type { QueueWriter } from '@chronicle-ts/core'
import { encodeSnapshot, encodeUpdate, SNAPSHOT_TYPE, UPDATE_TYPE } from './ledger-message.js'

const ACCOUNT_COUNT = 16
const SNAPSHOT_EVERY = 500

/** Appends updates, and a snapshot after every so many of them. */
export class LedgerPublisher {
  readonly balances: number[] = new Array<number>(ACCOUNT_COUNT).fill(0)
  readonly #updates: QueueWriter
  readonly #snapshots: QueueWriter

  constructor(updates: QueueWriter, snapshots: QueueWriter) {
    this.#updates = updates
    this.#snapshots = snapshots
    // So that somebody who comes before the first update finds something to begin with.
    this.#snapshot()
  }

  publish(count: number): void {
    for (let index = 0; index < count; index++) {
      const sequence = this.#updates.nextSequence
      const account = sequence % ACCOUNT_COUNT
      const change = (sequence % 101) - 50
      this.#updates.append(UPDATE_TYPE, encodeUpdate({ account, change }))
      this.balances[account] = (this.balances[account] ?? 0) + change
      if (this.#updates.nextSequence % SNAPSHOT_EVERY === 0) this.#snapshot()
    }
  }

  #snapshot(): void {
    const { nextSequence } = this.#updates
    this.#snapshots.append(SNAPSHOT_TYPE, encodeSnapshot({ nextSequence, balances: this.balances }))
  }
}
