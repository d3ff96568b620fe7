// Starts and terminates workers that are in the middle of everything the addon does off the event loop.
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { binding } from '../../dist/index.js'

const folder = process.argv[2]
const rounds = 24
const worker = new URL('./busy-worker.mjs', import.meta.url)

async function round(index) {
  const endless = index % 3 !== 0
  const busy = new Worker(worker, { workerData: { path: join(folder, 'churn'), endless } })
  await once(busy, 'message')
  if (endless) {
    await busy.terminate()
  } else {
    busy.postMessage('end')
    await once(busy, 'exit')
  }
}

for (let index = 0; index < rounds; index += 4) await Promise.all([0, 1, 2, 3].map((offset) => round(index + offset)))

const mappings = () => readFileSync('/proc/self/maps', 'utf8').split(`${folder}/churn-`).length - 1
const addonThreads = () =>
  readdirSync('/proc/self/task').filter((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, 'utf8').startsWith('chronicle-')
    } catch {
      return false
    }
  }).length
for (let attempt = 0; attempt < 400 && mappings() + addonThreads() > 0; attempt++)
  await new Promise((resolve) => setTimeout(resolve, 50))
const mappingsLeft = mappings()
const addonThreadsLeft = addonThreads()
const job = binding.backgroundUnlink(join(folder, 'nothing'))
const stillWorks = binding.jobWait(job, 30_000) - 1
console.log(JSON.stringify({ rounds, mappingsLeft, addonThreadsLeft, stillWorks }))
