/** The answering process of a round trip: sends every message back through a second queue. */
import { openReader, openWriter } from '@chronicle-ts/core'
import { receiveBy } from './receive-by.js'
import type { EchoTask } from './round-trips.js'

const task: EchoTask = JSON.parse(process.argv[2] ?? '{}')
using writer = openWriter(task.back)
using reader = openReader(task.there, 'echo', { wait: 'busySpin' })
const receive = receiveBy(task.way, reader)
const payload = Buffer.alloc(task.payloadLength)
process.send?.('ready')
for (let index = 0; index < task.total; index++) {
  const message = receive()
  const { view, payloadOffset } = message
  payload.writeDoubleLE(view.getFloat64(payloadOffset, true), 0)
  writer.append(1, payload)
}
process.disconnect()
