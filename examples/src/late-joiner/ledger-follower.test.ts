import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWriter, type QueueWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LedgerFollower } from './ledger-follower.js'
import { LedgerPublisher } from './ledger-publisher.js'
import { SNAPSHOTS_QUEUE, UPDATES_QUEUE } from './ledger-queues.js'

let root: string
let writers: QueueWriter[]
let publisher: LedgerPublisher
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ledger-'))
  const updates = openWriter(join(root, 'updates'), UPDATES_QUEUE)
  const snapshots = openWriter(join(root, 'snapshots'), SNAPSHOTS_QUEUE)
  writers = [updates, snapshots]
  publisher = new LedgerPublisher(updates, snapshots)
})
afterEach(() => {
  for (const writer of writers) writer.close()
  rmSync(root, { recursive: true })
})

const follow = () => new LedgerFollower(join(root, 'updates'), join(root, 'snapshots'))

describe('LedgerFollower', () => {
  it('begins at the beginning when nothing was published', () => {
    const follower = follow()
    publisher.publish(10)
    follower.catchUp()
    expect(follower).toMatchObject({ replayed: 10, snapshotsTaken: 1, balances: publisher.balances })
    follower.close()
  })

  it.each([499, 500, 501, 1234])('replays what the newest of the snapshots among %i updates does not contain', (count) => {
    publisher.publish(count)
    const follower = follow()
    follower.catchUp()
    expect(follower.replayed).toBe(count % 500)
    expect(follower.balances).toEqual(publisher.balances)
    follower.close()
  })

  it('begins again with a newer snapshot when retention overtakes it', () => {
    publisher.publish(700)
    const follower = follow()
    publisher.publish(10_000)
    for (let turn = 0; turn < 10; turn++) follower.catchUp()
    expect(follower.snapshotsTaken).toBe(2)
    expect(follower.balances).toEqual(publisher.balances)
    publisher.publish(3)
    follower.catchUp()
    expect(follower.balances).toEqual(publisher.balances)
    follower.close()
  })
})
