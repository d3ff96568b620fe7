import { once } from 'node:events'
import { openWriter } from '@chronicle-ts/core'
import { report } from '../process/role.js'
import { runRole } from '../process/run-role.js'
import { END_TYPE } from './ledger-message.js'
import { LedgerPublisher } from './ledger-publisher.js'
import { SNAPSHOTS_QUEUE, UPDATES_QUEUE } from './ledger-queues.js'

export interface PublisherResult {
  readonly published: number
  readonly segmentsDeleted: number
  readonly balances: readonly number[]
}

/** Publishes half of its updates, waits until it is told to go on, and publishes the rest. */
await runRole(async ([updates = '', snapshots = '', count]) => {
  using updateWriter = openWriter(updates, UPDATES_QUEUE)
  using snapshotWriter = openWriter(snapshots, SNAPSHOTS_QUEUE)
  const publisher = new LedgerPublisher(updateWriter, snapshotWriter)
  const half = Math.floor(Number(count) / 2)
  publisher.publish(half)
  const told = once(process, 'message')
  await report('halfway')
  await told
  publisher.publish(Number(count) - half)
  updateWriter.append(END_TYPE, Buffer.alloc(0))
  const { segmentsDeleted } = updateWriter.metrics()
  const result: PublisherResult = { published: Number(count), segmentsDeleted, balances: publisher.balances }
  await report(result)
})
