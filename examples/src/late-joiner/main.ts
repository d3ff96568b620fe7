import { join } from 'node:path'
import { resultOf, startRole } from '../process/role.js'
import { runTopology } from '../process/run-topology.js'
import type { JoinerResult } from './joiner.js'
import type { PublisherResult } from './publisher.js'

await runTopology({
  name: 'late-joiner',
  description:
    'A publisher writes updates of accounts, of which only the newest are kept, and snapshots of all accounts. Somebody who comes when the first updates are deleted ' +
    'takes the newest snapshot, replays what is not in it, and ends with the same balances.',
  messages: 20_000,
  async run({ root, messages }) {
    const queues = [join(root, 'updates'), join(root, 'snapshots')]
    const publisher = startRole<PublisherResult | 'halfway'>('publisher.js', import.meta.url, [...queues, messages])
    await publisher.reported()
    const joiner = startRole<JoinerResult | 'joined'>('joiner.js', import.meta.url, queues)
    await joiner.reported()
    publisher.send('go on')
    const published = (await resultOf('publisher', publisher)) as PublisherResult
    const joined = (await resultOf('joiner', joiner)) as JoinerResult
    const isSame = JSON.stringify(published.balances) === JSON.stringify(joined.balances)
    return {
      facts: {
        published: published.published,
        segmentsDeleted: published.segmentsDeleted,
        firstSequence: joined.firstSequence,
        snapshotsTaken: joined.snapshotsTaken,
        replayed: joined.replayed,
        balances: isSame ? 'the same' : 'different',
      },
      isSound: isSame,
    }
  },
})
