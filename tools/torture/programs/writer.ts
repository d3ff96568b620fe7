/** Appends until it is killed: single messages, batches, claims, rolls, flushes, as its seed says. */
import { openWriter } from '@chronicle-ts/core'
import { Ledger } from '../kill/ledger.js'
import { type RoundPlan, writerOptionsOf } from '../kill/round-plan.js'
import { WritingHabits } from '../kill/writing-habits.js'
import { Random } from '../random.js'
import { broken, runProgram, say } from './talk.js'

const [directory = '', ledgerPath = '', seed = '0', plan = '{}'] = process.argv.slice(2)

runProgram(async () => {
  const random = new Random(Number(seed))
  const round = JSON.parse(plan) as RoundPlan
  const ledger = Ledger.open(ledgerPath)
  const writer = openWriter(directory, writerOptionsOf(round, random))
  const { nextSequence } = writer
  if (nextSequence < ledger.appended)
    broken(`the writer goes on at ${nextSequence}, but ${ledger.appended} messages were appended`)
  if (nextSequence > ledger.attempted)
    broken(`the writer goes on at ${nextSequence}, but only ${ledger.attempted} were ever attempted`)
  if (writer.durableSequence < ledger.durable)
    broken(`durable up to ${writer.durableSequence}, but ${ledger.durable} was promised`)
  say({ kind: 'ready', detail: `epoch ${writer.epoch}, ${writer.recovery.map((action) => action.case).join(' ')}` })
  const habits = new WritingHabits(writer, ledger, random)
  while (writer.nextSequence < round.messages) await habits.act()
  say({ kind: 'done' })
  // It stays, with its lock, until somebody kills it.
  await new Promise((resolve) => setTimeout(resolve, 2 ** 30))
})
