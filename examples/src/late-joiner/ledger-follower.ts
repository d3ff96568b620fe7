import { openObserver, type QueueObserver } from '@chronicle-ts/core'
import { decodeSnapshot, decodeUpdate, END_TYPE, type Snapshot } from './ledger-message.js'

/** The newest snapshot in the queue. There always is one. */
export function readNewestSnapshot(directory: string): Snapshot {
  using snapshots = openObserver(directory, { start: 'earliest', onLost: 'snap' })
  let newest: Snapshot | undefined
  for (let message = snapshots.next(); message !== undefined; message = snapshots.next()) newest = decodeSnapshot(message.payload)
  if (newest === undefined) throw new Error(`There is no snapshot in ${directory}`)
  return newest
}

/**
 * Follows a ledger that it did not see the beginning of: takes the newest snapshot, replays the updates that are not in it, and goes on with those to come.
 *
 * The snapshot says with which sequence its replay begins, so there is nothing to synchronise with the publisher: no update is applied twice or left out, whatever is
 * published meanwhile. Should retention overtake the follower, before its first update or later, the next one is not the one that it expects, and it begins again with a
 * newer snapshot.
 */
export class LedgerFollower {
  /** Updates applied since the last snapshot that it took. */
  replayed = 0
  /** How often it took a snapshot. */
  snapshotsTaken = 0
  /** Whether the publisher said that nothing follows. */
  hasEnded = false
  readonly #updatesDirectory: string
  readonly #snapshotsDirectory: string
  #balances: number[] = []
  #nextSequence = 0
  #updates: QueueObserver

  constructor(updates: string, snapshots: string) {
    this.#updatesDirectory = updates
    this.#snapshotsDirectory = snapshots
    this.#updates = this.#join()
  }

  get balances(): readonly number[] {
    return this.#balances
  }

  /** Applies what is there. */
  catchUp(): void {
    for (let message = this.#updates.next(); message !== undefined; message = this.#updates.next()) {
      if (message.sequence !== this.#nextSequence) this.#joinAgain()
      else if (message.typeId === END_TYPE) this.hasEnded = true
      else this.#apply(message.payload)
    }
  }

  async wait(timeoutMs: number): Promise<void> {
    await this.#updates.waitAsync({ timeoutMs })
  }

  close(): void {
    this.#updates.close()
  }

  #join(): QueueObserver {
    const { nextSequence, balances } = readNewestSnapshot(this.#snapshotsDirectory)
    this.#balances = [...balances]
    this.#nextSequence = nextSequence
    this.replayed = 0
    this.snapshotsTaken++
    return openObserver(this.#updatesDirectory, { start: { sequence: nextSequence }, onLost: 'snap' })
  }

  #joinAgain(): void {
    this.#updates.close()
    this.#updates = this.#join()
  }

  #apply(payload: Buffer): void {
    const { account, change } = decodeUpdate(payload)
    this.#balances[account] = (this.#balances[account] ?? 0) + change
    this.#nextSequence++
    this.replayed++
  }
}
