// A worker that writes is terminated while its next segment is being prepared. Prints as JSON what a successor meets. Needs slow-reservations.cc preloaded. Argument: folder.
import { once } from 'node:events'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { openObserver, openWriter } from '@chronicle-ts/core'

if (!isMainThread) {
  const writer = openWriter(workerData, { segmentSize: 1 << 20 })
  writer.append(1, Buffer.from('from the worker'))
  writer.flushSync()
  parentPort.on('message', () => writer.roll())
  parentPort.postMessage('open')
} else {
  const [, , folder] = process.argv
  const queue = join(folder, 'queue')
  const worker = new Worker(new URL(import.meta.url), { workerData: queue })
  await once(worker, 'message')
  while (!existsSync(join(queue, '000000001.q'))) await new Promise((resolve) => setTimeout(resolve, 1))
  // From here on, so that only the preparation of segment 2 waits.
  writeFileSync(process.env.RESERVATIONS_WAIT, '')
  worker.postMessage('roll')
  while (!existsSync(join(queue, '000000002.q.tmp'))) await new Promise((resolve) => setTimeout(resolve, 1))
  await worker.terminate()
  let refusal
  try {
    openWriter(queue).close()
  } catch (error) {
    refusal = { code: error.code, how: error.how }
  }
  rmSync(process.env.RESERVATIONS_WAIT)
  while (!existsSync(process.env.TEXT_CUT)) await new Promise((resolve) => setTimeout(resolve, 1))
  const writer = openWriter(queue)
  writer.append(1, Buffer.from('from the successor'))
  writer.flushSync()
  writer.close()
  const observer = openObserver(queue)
  const messages = []
  for (let message = observer.next(); message !== undefined; message = observer.next()) messages.push(message.payload.toString())
  observer.close()
  console.log(JSON.stringify({ refusal, messages, files: readdirSync(queue).filter((name) => name.includes('.q')) }))
}
