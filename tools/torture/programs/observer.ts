/** Looks at the queue from its earliest message on without joining it, until it is killed; begins again where retention overtakes it. */
import { DataLostError, openObserver } from '@chronicle-ts/core'
import { Ledger } from '../kill/ledger.js'
import { ReadingHabits } from '../kill/reading-habits.js'
import { Random } from '../random.js'
import { runProgram, say } from './talk.js'

const [directory = '', ledgerPath = '', seed = '0', name = ''] = process.argv.slice(2)

runProgram(async () => {
  const random = new Random(Number(seed))
  const ledger = Ledger.open(ledgerPath)
  for (;;) {
    using observer = openObserver(directory, { start: random.pick(['earliest', 'latest']), wait: 'park' })
    say({ kind: 'ready', detail: '' })
    try {
      await new ReadingHabits(ledger, name, 0, random).observe(observer)
    } catch (error) {
      if (!(error instanceof DataLostError)) throw error
    }
  }
})
