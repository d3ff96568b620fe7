import { join } from 'node:path'
import { resultOf, startRole } from '../process/role.js'
import { runTopology } from '../process/run-topology.js'
import { QUEUE_CAPACITY } from './bounded-queue.js'
import type { ConsumerResult } from './consumer.js'
import type { ProducerResult } from './producer.js'

await runTopology({
  name: 'backpressure',
  description: `A fast producer of orders and a slow consumer share a queue of at most ${QUEUE_CAPACITY} orders. The producer waits when it is full; nothing is lost.`,
  messages: 5000,
  async run({ root, messages }) {
    const directory = join(root, 'orders')
    const consumer = startRole<ConsumerResult>('consumer.js', import.meta.url, [directory, messages])
    const producer = startRole<ProducerResult>('producer.js', import.meta.url, [directory, messages])
    const sent = await resultOf('producer', producer)
    const received = await resultOf('consumer', consumer)
    const isSound = received.orders === messages && received.gaps === 0 && received.largestLag <= QUEUE_CAPACITY
    return { facts: { ...sent, ...received, capacity: QUEUE_CAPACITY }, isSound }
  },
})
