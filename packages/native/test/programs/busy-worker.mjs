// Parks, queues jobs, appends and verifies; then says so, and goes on until it is ended.
import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { parentPort, threadId, workerData } from 'node:worker_threads'
import { binding, PREPARE_POPULATE } from '../../dist/index.js'

function map(name, length) {
  const fd = openSync(name, 'w+')
  ftruncateSync(fd, length)
  const mapping = binding.mapFile(fd, length, true)
  closeSync(fd)
  return mapping
}

const { path, endless } = workerData
const control = map(`${path}-${threadId}-control`, 512)
const segment = map(`${path}-${threadId}-segment`, 1 << 20)
const appender = binding.createAppender({ control, writerEpoch: 1, extensions: true })
appender.attach(segment, 0, 64, 0)
const verifier = binding.createVerifier()
verifier.attach(segment)
for (let index = 0; index < 100; index++) appender.append(1, Buffer.alloc(64))
verifier.verify(64, 100, 1e6)

const tokens = []
for (let index = 0; index < 200; index++) tokens.push(binding.park([control], [0], [0], 600_000, () => {}))
for (let index = 0; index < 20; index++) {
  const job = binding.backgroundPrepare(`${path}-${threadId}-${index}.tmp`, '', Buffer.alloc(64), 1 << 20, PREPARE_POPULATE)
  binding.jobNotify(job, () => {})
  binding.jobNotify(binding.backgroundSync(segment, 0, 1 << 20), () => {})
}
// Only `terminate` gets out of this one.
function appendForEver() {
  for (;;) {
    if (appender.append(1, Buffer.alloc(8)) !== 0) appender.attach(segment, 0, 64, 0)
    binding.futexWait(control, 0, 0, 0.1)
  }
}
if (endless) binding.park([segment], [0], [1], 600_000, appendForEver)

parentPort.once('message', () => {
  for (const token of tokens) binding.unpark(token)
  process.exit()
})
parentPort.postMessage('ready')
