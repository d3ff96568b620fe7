import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter, type QueueWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KEPT_SEGMENTS, LedgerFollower, LedgerPublisher, SNAPSHOTS_QUEUE, UPDATES_QUEUE } from './late-joiner.js'
import { temporaryFolder } from './test/queue-fixtures.js'

let root: string
let writers: QueueWriter[]
let publisher: LedgerPublisher
beforeEach(() => {
  root = temporaryFolder()
  const updates = openWriter(join(root, 'updates'), UPDATES_QUEUE)
  const snapshots = openWriter(join(root, 'snapshots'), SNAPSHOTS_QUEUE)
  writers = [updates, snapshots]
  publisher = new LedgerPublisher(updates, snapshots)
})
afterEach(() => {
  for (const writer of writers) writer.close()
})

/** Publishes so much that nothing is left of what was there, and waits until it is deleted. */
async function overtake(): Promise<void> {
  publisher.publish(10_000)
  const segments = () => readdirSync(join(root, 'updates')).filter((name) => name.endsWith('.q'))
  while (segments().length > KEPT_SEGMENTS + 1) await new Promise((resolve) => setTimeout(resolve, 1))
}

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

  it('waits through being overtaken, and begins again', async () => {
    publisher.publish(700)
    const follower = follow()
    await overtake()
    await follower.wait(10_000)
    follower.catchUp()
    expect(follower).toMatchObject({ snapshotsTaken: 2, balances: publisher.balances })
    follower.close()
  })

  it('begins again when its first update was deleted between the snapshot and the look at the updates', async () => {
    publisher.publish(700)
    const snapshots = join(root, 'snapshots')
    const kept = join(root, 'snapshots of old')
    cpSync(snapshots, kept, { recursive: true })
    await overtake()
    const follower = new LedgerFollower(join(root, 'updates'), kept)
    cpSync(snapshots, kept, { recursive: true })
    follower.catchUp()
    expect(follower).toMatchObject({ snapshotsTaken: 2, balances: publisher.balances })
    follower.close()
  })

  it('begins again with a newer snapshot when retention overtakes it', async () => {
    publisher.publish(700)
    const follower = follow()
    await overtake()
    follower.catchUp()
    expect(follower.snapshotsTaken).toBe(2)
    expect(follower.balances).toEqual(publisher.balances)
    publisher.publish(3)
    follower.catchUp()
    expect(follower.balances).toEqual(publisher.balances)
    follower.close()
  })
})
