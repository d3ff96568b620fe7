// Reads a queue of another thread with a handle of its own, and makes a queue that ends with this thread.
import { parentPort, workerData } from 'node:worker_threads'
import { openReader, openWriter } from '@chronicle-ts/core'
import { memoryQueue } from '@chronicle-ts/testing'

const own = memoryQueue()
const reader = openReader(workerData, 'worker')
const read = reader.next()?.payload.toString()
reader.close()
let writer
try {
  openWriter(workerData).close()
} catch (error) {
  writer = error.code
}
parentPort?.postMessage({ read, writer, own: own.directory })
