/** Opens the queue for writing and closes it: what was left undone is done now, and what needs time for that gets it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openWriter, type QueueWriter } from '@chronicle-ts/core'
import { expectedPayload, expectedType } from '../expected-message.js'
import { Ledger } from '../ledger.js'
import { broken, runProgram, say } from './talk.js'

const WAITERS_PENDING_OFFSET = 388
const PATIENCE_MS = 30_000
const BURST_COUNT = 100

runProgram(async (directory = '', ledgerPath = '') => {
  const writer = openWriter(directory, {})
  const ledger = Ledger.open(ledgerPath)
  // L16: a reader that was killed while it was counted, which it is while a writer opens, costs a system call per append, but not forever. Its count stays (L64).
  const deadline = performance.now() + PATIENCE_MS
  while (waitersPending(directory) !== 0) {
    const wakes = wakesOfBurst(writer, ledger)
    if (wakes < BURST_COUNT / 2) break
    if (performance.now() > deadline)
      broken(`${BURST_COUNT} appends make ${wakes} wakes, waitersPending is ${waitersPending(directory)}`)
    await pause(20)
  }
  say({ kind: 'ready', detail: writer.recovery.map((action) => action.case).join(' ') })
  writer.close()
})

/** Some are for readers that park by the flag meanwhile. */
function wakesOfBurst(writer: QueueWriter, ledger: Ledger): number {
  const before = writer.metrics().wakes
  for (let count = 0; count < BURST_COUNT; count++) append(writer, ledger)
  return writer.metrics().wakes - before
}

function append(writer: QueueWriter, ledger: Ledger): void {
  const sequence = writer.nextSequence
  ledger.attempted = sequence + 1
  writer.append(expectedType(sequence), expectedPayload(sequence))
  ledger.appended = sequence + 1
}

function waitersPending(directory: string): number {
  return readFileSync(join(directory, 'control.meta')).readUInt32LE(WAITERS_PENDING_OFFSET)
}
