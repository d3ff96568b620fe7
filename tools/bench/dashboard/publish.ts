/** Appends one message a second to each of many queues, each of which has a reader; spread over the second. Ends with its parent. Arguments: the folder, how many queues. */
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'

const [root = '', count = '1'] = process.argv.slice(2)
const queues = Array.from({ length: Number(count) }, (_, index) => {
  const directory = join(root, `orders/queue/strategy-${String(index).padStart(3, '0')}/orders_out`)
  const writer = openWriter(directory, { segmentSize: 65_536, heartbeatIntervalMs: 0 })
  const reader = openReader(directory, 'router', { start: 'earliest' })
  return { writer, reader }
})
const payload = Buffer.from('{"side":"buy","price":60000.5,"size":0.25}')
let next = 0
setInterval(() => {
  const queue = queues[next++ % queues.length]
  if (queue === undefined) return
  queue.writer.append(1, payload)
  while (queue.reader.next() !== undefined);
  queue.reader.commit()
}, 1000 / queues.length)
process.on('disconnect', () => process.exit())
process.send?.('published')
