/** Repairs a queue whose writer was killed, as `doctor --repair` does, until it is killed itself. */
import { repairQueue } from '@chronicle-ts/inspect'
import { Ledger, REPAIRER_INDEX } from '../ledger.js'
import { runProgram, say } from './talk.js'

runProgram(async (directory = '', ledgerPath = '') => {
  Ledger.open(ledgerPath).setAct(REPAIRER_INDEX, 'repair')
  say({ kind: 'ready', detail: '' })
  const { outcomes } = repairQueue(directory)
  say({ kind: 'done', detail: outcomes.map((outcome) => outcome.step.kind).join(' ') })
})
