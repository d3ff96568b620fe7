/** Deletes what every reader has read from a queue whose writer was killed, as `chron-cli prune` does, while readers read; until it is killed itself. */
import { pruneQueue } from '@chronicle-ts/inspect'
import { Random } from '../../random.js'
import { Ledger, PRUNER_INDEX } from '../ledger.js'
import { runProgram, say } from './talk.js'

runProgram(async (directory = '', ledgerPath = '', seed = '0') => {
  const rules = new Random(Number(seed)).pick([
    { consumed: true },
    { maxSegments: 2 },
    { maxAgeMs: 0, minSegments: 3 },
    { maxBytes: 65_536 },
  ])
  Ledger.open(ledgerPath).setAct(PRUNER_INDEX, 'prune')
  say({ kind: 'ready', detail: '' })
  const gone = await pruneQueue(directory, rules)
  say({ kind: 'done', detail: String(gone.length) })
})
