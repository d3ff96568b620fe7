/**
 * Reads under a name until it is killed, checks every message, and commits now and then. A visitor forgets its name after some messages and
 * begins again at the earliest.
 */
import { openReader, removeReader } from '@chronicle-ts/core'
import { Random } from '../../random.js'
import { Ledger } from '../ledger.js'
import { ReadingHabits } from '../reading-habits.js'
import { runProgram, say } from './talk.js'

runProgram(async (directory = '', ledgerPath = '', seed = '0', name = '', index = '0', visits = '') => {
  const random = new Random(Number(seed))
  const ledger = Ledger.open(ledgerPath)
  const habits = new ReadingHabits(ledger, name, Number(index), random)
  for (let stay = true; stay; stay = visits === 'visits') {
    ledger.setAct(Number(index), 'open')
    const wait = random.pick(['park', 'park', 'adaptive', 'backoff'] as const)
    const reader = openReader(directory, name, { wait, ...habits.startOf(visits === 'visits') })
    habits.opened(reader)
    say({ kind: 'ready', detail: `next ${reader.nextSequence}` })
    const count = visits === 'visits' ? random.integer(1, 3000) : Number.POSITIVE_INFINITY
    await habits.read(reader, count)
    ledger.setAct(Number(index), 'leave')
    reader.close()
    habits.leaves()
    removeReader(directory, name)
  }
})
