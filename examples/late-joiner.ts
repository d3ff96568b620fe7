/**
 * Late joiner: a publisher appends updates of accounts, of which retention keeps only the newest. Now and then it appends a snapshot of all accounts that says with which
 * sequence the updates go on. A follower that comes late takes the newest snapshot and replays from there, while the publisher continues. Both end with the same balances.
 *
 *     node examples/dist/late-joiner.js [updates]
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openObserver, openWriter, type QueueObserver, type QueueWriter, type WriterOptions } from '@chronicle-ts/core'

export const KEPT_SEGMENTS = 8
export const UPDATES_QUEUE: WriterOptions = { segmentSize: 16 * 1024, retention: { maxSegments: KEPT_SEGMENTS } }
/** Only the last snapshot matters. */
export const SNAPSHOTS_QUEUE: WriterOptions = { segmentSize: 16 * 1024, retention: { maxSegments: 2 } }

const ACCOUNTS = 16
const SNAPSHOT_EVERY = 500
/** float64 account, float64 change */
const UPDATE = 1
const END = 2
/** float64 sequence of the first update that is not in it, then a float64 per account */
const SNAPSHOT = 3

/** Appends updates, and a snapshot after every 500 of them. */
export class LedgerPublisher {
  readonly balances = new Float64Array(ACCOUNTS)
  readonly #updates: QueueWriter
  readonly #snapshots: QueueWriter

  constructor(updates: QueueWriter, snapshots: QueueWriter) {
    this.#updates = updates
    this.#snapshots = snapshots
    // A follower that comes before the first update needs one, too.
    this.#snapshot()
  }

  publish(count: number): void {
    for (let index = 0; index < count; index++) {
      const sequence = this.#updates.nextSequence
      const [account, change] = [sequence % ACCOUNTS, (sequence % 101) - 50]
      this.#updates.append(UPDATE, Buffer.from(Float64Array.of(account, change).buffer))
      this.balances[account] = (this.balances[account] ?? 0) + change
      if (this.#updates.nextSequence % SNAPSHOT_EVERY === 0) this.#snapshot()
    }
  }

  #snapshot(): void {
    this.#snapshots.append(SNAPSHOT, Buffer.from(Float64Array.of(this.#updates.nextSequence, ...this.balances).buffer))
  }
}

/**
 * Follows a ledger of which the beginning is deleted. The snapshot says with which sequence its replay begins, so there is nothing to synchronise with the publisher: no update is applied
 * twice or left out. When retention overtakes the follower, the next sequence is not the expected one, and it begins again with a newer snapshot.
 */
export class LedgerFollower {
  /** Updates applied since the last snapshot that it took. */
  replayed = 0
  snapshotsTaken = 0
  /** Whether the publisher appended its last update. */
  hasEnded = false
  balances = new Float64Array(ACCOUNTS)
  readonly #directories: { readonly updates: string; readonly snapshots: string }
  #nextSequence = 0
  #updates: QueueObserver

  constructor(updates: string, snapshots: string) {
    this.#directories = { updates, snapshots }
    this.#updates = this.#join()
  }

  /** Applies what is there. */
  catchUp(): void {
    for (let message = this.#updates.next(); message !== undefined; message = this.#updates.next()) {
      if (message.sequence !== this.#nextSequence) {
        this.#updates.close()
        this.#updates = this.#join()
      } else if (message.typeId === END) this.hasEnded = true
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
    const [nextSequence = 0, ...balances] = newestSnapshot(this.#directories.snapshots)
    this.balances = Float64Array.from(balances)
    this.#nextSequence = nextSequence
    this.replayed = 0
    this.snapshotsTaken++
    return openObserver(this.#directories.updates, { start: { sequence: nextSequence }, onLost: 'snap' })
  }

  #apply(payload: Buffer): void {
    const [account, change] = [payload.readDoubleLE(0), payload.readDoubleLE(8)]
    this.balances[account] = (this.balances[account] ?? 0) + change
    this.#nextSequence++
    this.replayed++
  }
}

function newestSnapshot(directory: string): number[] {
  using snapshots = openObserver(directory, { start: 'earliest', onLost: 'snap' })
  let newest: number[] = []
  for (let message = snapshots.next(); message !== undefined; message = snapshots.next()) {
    const { payload } = message
    newest = Array.from({ length: payload.length / 8 }, (_, index) => payload.readDoubleLE(index * 8))
  }
  return newest
}

/** The publisher, which starts the follower as a process of its own when half of the updates are published and their beginning is deleted. */
async function main(count: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'late-joiner-'))
  try {
    using updates = openWriter(join(root, 'updates'), UPDATES_QUEUE)
    using snapshots = openWriter(join(root, 'snapshots'), SNAPSHOTS_QUEUE)
    const publisher = new LedgerPublisher(updates, snapshots)
    const half = Math.floor(count / 2)
    publisher.publish(half)
    const follower = promisify(execFile)(process.execPath, [import.meta.filename, '0', updates.directory, snapshots.directory])
    for (let left = count - half; left > 0; left -= 100) {
      publisher.publish(Math.min(left, 100))
      await sleep(2)
    }
    updates.append(END, Buffer.alloc(0))
    const followed = JSON.parse((await follower).stdout)
    const isSame = JSON.stringify([...publisher.balances]) === JSON.stringify(followed.balances)
    const { segmentsDeleted } = updates.metrics()
    console.log(JSON.stringify({ published: count, segmentsDeleted, ...followed, balances: isSame ? 'the same' : 'different' }))
    if (!isSame) process.exitCode = 2
  } finally {
    rmSync(root, { recursive: true })
  }
}

async function follow(updates: string, snapshots: string): Promise<void> {
  const follower = new LedgerFollower(updates, snapshots)
  while (!follower.hasEnded) {
    follower.catchUp()
    if (!follower.hasEnded) await follower.wait(100)
  }
  follower.close()
  using observer = openObserver(updates, { start: 'earliest', onLost: 'snap' })
  const { snapshotsTaken, replayed, balances } = follower
  console.log(JSON.stringify({ firstSequence: observer.next()?.sequence, snapshotsTaken, replayed, balances: [...balances] }))
}

if (process.argv[1] === import.meta.filename) {
  const [updates = '20000', updatesDirectory, snapshotsDirectory] = process.argv.slice(2)
  if (updatesDirectory === undefined || snapshotsDirectory === undefined) await main(Number(updates))
  else await follow(updatesDirectory, snapshotsDirectory)
}
