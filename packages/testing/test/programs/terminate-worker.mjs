// Terminates workers that hold a queue each, and says what of their folders is left. Is its own worker.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { memoryQueue } from '@chronicle-ts/testing'

/** Returns the directory of the queue that the worker held. */
async function terminateOne() {
  const worker = new Worker(new URL(import.meta.url))
  const [directory] = await once(worker, 'message')
  await worker.terminate()
  return directory
}

if (isMainThread) {
  const kept = memoryQueue()
  const first = await terminateOne()
  const isThere = existsSync(first)
  const next = memoryQueue()
  const found = { isThere, isThereAfterNext: existsSync(first), keptIsThere: existsSync(kept.directory) }
  const second = await terminateOne()
  next.close()
  console.log(JSON.stringify({ first, second, found }))
} else {
  const { directory } = memoryQueue()
  parentPort?.postMessage(directory)
  setInterval(() => undefined, 1000)
}
