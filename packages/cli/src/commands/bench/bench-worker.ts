/** A process of the benchmark: reads its task from the command line, answers over its parent's channel, and ends. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { messageOfError } from '../../error-report.js'
import { type BenchNote, type BenchTask, WrongResultError } from './bench-task.js'
import { measureReading, measureWriting } from './measure-throughput.js'
import { openReceiver, receive } from './receive.js'
import { openSender, sendAtRate } from './send-at-rate.js'

/** Only core's own errors about the data, and ours, say that something is wrong with it. */
const WRONG_CODES = new Set(['ERR_CORRUPT_RECORD', 'ERR_SEQUENCE_GAP', 'ERR_DATA_LOST', 'ERR_BAD_SEGMENT'])

/** A loop that spins handles no event. A thread looks whether the parent is still there, and ends the process when it is gone. */
const WATCH_PARENT = `
const { workerData } = require('node:worker_threads')
setInterval(() => { if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL') }, 250)
`
new Worker(WATCH_PARENT, { eval: true, workerData: process.ppid }).unref()

try {
  await answer(await carryOut(JSON.parse(process.argv[2] ?? '{}') as BenchTask))
} catch (error) {
  const isWrong = error instanceof WrongResultError || WRONG_CODES.has(String((error as { code?: unknown }).code))
  await answer({ kind: 'failed', reason: messageOfError(error), isWrong })
}
process.disconnect()

async function carryOut(task: BenchTask): Promise<BenchNote> {
  if (task.kind === 'write') return measureWriting(task)
  if (task.kind === 'read') return measureReading(task)
  if (task.kind === 'send') {
    using writer = openSender(task)
    await answer({ kind: 'ready' })
    await once(process, 'message')
    return sendAtRate(writer, task)
  }
  using reader = openReceiver(task)
  await answer({ kind: 'ready' })
  return receive(reader, task)
}

function answer(note: BenchNote): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(note, (error: Error | null) => (error ? reject(error) : resolve()))
  })
}
