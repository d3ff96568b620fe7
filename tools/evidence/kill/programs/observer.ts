/** Looks at the queue from its earliest message on without joining it, until it is killed; begins again where retention overtakes it. */
import { DataLostError, openObserver } from '@chronicle-ts/core'
import { Random } from '../../random.js'
import { Ledger, OBSERVER_INDEX } from '../ledger.js'
import { ReadingHabits } from '../reading-habits.js'
import { runProgram, say } from './talk.js'

runProgram(async (directory = '', ledgerPath = '', seed = '0', name = '') => {
  const random = new Random(Number(seed))
  const ledger = Ledger.open(ledgerPath)
  const habits = new ReadingHabits(ledger, name, OBSERVER_INDEX, random)
  for (;;) {
    ledger.setAct(OBSERVER_INDEX, 'open')
    using observer = openObserver(directory, { start: random.pick(['earliest', 'latest']), wait: 'park' })
    say({ kind: 'ready', detail: '' })
    try {
      await habits.observe(observer)
    } catch (error) {
      if (!(error instanceof DataLostError)) throw error
    }
  }
})
