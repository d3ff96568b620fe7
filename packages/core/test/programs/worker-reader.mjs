// Reads messages in a worker thread and posts how many came.
import { parentPort, workerData } from 'node:worker_threads'
import { openReader } from '@chronicle-ts/core'

const reader = openReader(workerData.directory, workerData.name)
let seen = 0
while (seen < workerData.count) {
  if ((await reader.waitAsync({ timeoutMs: 1000 })) === 'timeout') continue
  while (reader.next() !== undefined) seen++
  reader.commit()
}
reader.close()
parentPort.postMessage(seen)
