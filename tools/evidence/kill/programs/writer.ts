/** Appends until it is killed: single messages, batches, claims, rolls, flushes, as its seed says. */
import { openWriter } from '@chronicle-ts/core'
import { Random } from '../../random.js'
import { Ledger, WRITER_INDEX } from '../ledger.js'
import { type RoundPlan, writerOptionsOf } from '../round-plan.js'
import { WritingHabits } from '../writing-habits.js'
import { broken, runProgram, say } from './talk.js'

runProgram(async (directory = '', ledgerPath = '', seed = '0', plan = '{}') => {
  const random = new Random(Number(seed))
  const round = JSON.parse(plan) as RoundPlan
  const ledger = Ledger.open(ledgerPath)
  const options = writerOptionsOf(round, random)
  ledger.setAct(WRITER_INDEX, 'open')
  const writer = openWriter(directory, options)
  const { nextSequence } = writer
  if (nextSequence < ledger.appended)
    broken(`the writer goes on at ${nextSequence}, but ${ledger.appended} messages were appended`)
  if (nextSequence > ledger.attempted)
    broken(`the writer goes on at ${nextSequence}, but only ${ledger.attempted} were ever attempted`)
  if (writer.durableSequence < ledger.durable)
    broken(`durable up to ${writer.durableSequence}, but ${ledger.durable} was promised`)
  say({ kind: 'ready', detail: writer.recovery.map((action) => action.case).join(' ') })
  const habits = new WritingHabits(writer, options, ledger, random)
  while (writer.nextSequence < round.messages) await habits.act()
  say({ kind: 'done' })
  // It stays, with its lock, until it is killed.
  await new Promise((resolve) => setTimeout(resolve, 2 ** 30))
})
