/** The receiving process of a latency measurement: reads its task from the command line, answers over the parent's channel. */
import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { monotonicNs } from '@chronicle-ts/cli/bench'
import { openReader, type QueueReader } from '@chronicle-ts/core'
import type { ReceiverNote, ReceiverTask } from './latency-mode.js'
import { LatencyRecorder } from './latency-recorder.js'

/** Longer than any stall that a working machine has: a message that takes longer is lost. */
const SILENCE_MS = 30_000

const task: ReceiverTask = JSON.parse(process.argv[2] ?? '{}')
const recorder = new LatencyRecorder(task.warmUpCount, task.count)
const total = task.warmUpCount + task.count

if (task.transport === 'socket') receiveFromSocket()
else await receiveFromQueue(openReader(task.path, 'bench', { wait: task.wait }))

async function receiveFromQueue(reader: QueueReader): Promise<void> {
  await answer({ kind: 'ready' })
  while (recorder.received < total) {
    const message = reader.next()
    if (message !== undefined) {
      // In hand: what is done with it does not belong to the way.
      const receivedNs = monotonicNs()
      const { view, payloadOffset } = message
      recorder.record(receivedNs - view.getFloat64(payloadOffset, true), view.getFloat64(payloadOffset + 8, true))
      continue
    }
    const waited =
      task.transport === 'queue-thread'
        ? reader.wait({ timeoutMs: SILENCE_MS })
        : await reader.waitAsync({ timeoutMs: SILENCE_MS })
    if (waited === 'timeout') throw new Error(`nothing came after message ${recorder.received}`)
  }
  reader.close()
  await finish()
}

function receiveFromSocket(): void {
  const server = createServer((socket) => {
    server.close()
    receiveStream(socket)
  })
  rmSync(task.path, { force: true })
  server.listen(task.path, () => answer({ kind: 'ready' }))
}

function receiveStream(socket: Socket): void {
  let pending = Buffer.alloc(0)
  socket.on('data', (data) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data])
    let offset = 0
    const receivedNs = monotonicNs()
    for (; offset + task.payloadLength <= pending.length; offset += task.payloadLength) {
      recorder.record(receivedNs - pending.readDoubleLE(offset), pending.readDoubleLE(offset + 8))
    }
    pending = pending.subarray(offset)
    if (recorder.received < total) return
    socket.destroy()
    void finish()
  })
}

async function finish(): Promise<void> {
  await answer({ kind: 'done', figures: recorder.figures() })
  process.disconnect()
}

function answer(note: ReceiverNote): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(note, (error: Error | null) => (error ? reject(error) : resolve()))
  })
}
