// The main thread never loads the addon: Node closes it when the worker ends, while the addon's threads still run.
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

const worker = new URL('./busy-worker.mjs', import.meta.url)
const rounds = 6
for (let round = 0; round < rounds; round++) {
  const busy = new Worker(worker, { workerData: { path: join(process.argv[2], 'only'), endless: true } })
  await once(busy, 'message')
  await busy.terminate()
}
console.log(JSON.stringify({ rounds }))
