import { openObserver } from '@chronicle-ts/core'
import { report } from '../process/role.js'
import { runRole } from '../process/run-role.js'
import { LedgerFollower } from './ledger-follower.js'

const LOOK_INTERVAL_MS = 100

export interface JoinerResult {
  /** The first update that it could still have read: above 0, the beginning is gone. */
  readonly firstSequence: number
  readonly snapshotsTaken: number
  readonly replayed: number
  readonly balances: readonly number[]
}

/** Comes when half of everything has been published and partly deleted again, and must end with the same balances. */
await runRole(async ([updates = '', snapshots = '']) => {
  const firstSequence = readFirstSequence(updates)
  const follower = new LedgerFollower(updates, snapshots)
  await report('joined')
  while (!follower.hasEnded) {
    await follower.wait(LOOK_INTERVAL_MS)
    follower.catchUp()
  }
  const { snapshotsTaken, replayed, balances } = follower
  const result: JoinerResult = { firstSequence, snapshotsTaken, replayed, balances }
  follower.close()
  await report(result)
})

function readFirstSequence(updates: string): number {
  using observer = openObserver(updates, { start: 'earliest', onLost: 'snap' })
  return observer.next()?.sequence ?? 0
}
