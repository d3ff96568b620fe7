import type { QueueCase } from '../queue-case.js'
import type { Operation } from './operation.js'

function started(options: Parameters<QueueCase['openWriter']>[0] = {}): (queue: QueueCase) => void {
  return (queue) => {
    queue.openWriter(options)
    queue.append(2)
  }
}

export const WRITING: readonly Operation[] = [
  { name: 'append that rolls', prepare: started(), run: (queue) => queue.append(20) },
  { name: 'append that rolls, prefault off', prepare: started({ prefault: false }), run: (queue) => queue.append(20) },
  { name: 'append in locked memory', prepare: started({ mlock: true }), run: (queue) => queue.append(12) },
  {
    name: 'append to a base-format queue',
    prepare: started({ extensions: false }),
    run: (queue) => queue.append(20),
  },
  { name: 'appendBatch', prepare: started(), run: (queue) => queue.appendBatch(20) },
  { name: 'appendPacked', prepare: started(), run: (queue) => queue.appendPacked(20) },
  {
    name: 'append that waits for its flush',
    prepare: started({ flushPolicy: { everyMessages: 1, wait: true } }),
    run: (queue) => queue.append(8),
    lasting: ['ERR_IO', 'ERR_NOT_DURABLE', 'ERR_NO_SPACE'],
  },
  {
    name: 'append with a flush policy',
    prepare: started({ flushPolicy: { everyMessages: 3 } }),
    run: (queue) => queue.append(16),
    lasting: ['ERR_IO', 'ERR_NOT_DURABLE'],
  },
  {
    name: 'claim',
    prepare: started(),
    run(queue) {
      for (let count = 0; count < 12; count++) queue.claim()
    },
  },
  {
    name: 'roll',
    prepare: started(),
    run(queue) {
      for (let count = 0; count < 3; count++) {
        queue.attempt('roll', () => queue.writer?.roll())
        queue.append(1)
      }
    },
  },
  {
    name: 'flushSync',
    prepare: started(),
    run(queue) {
      for (let count = 0; count < 3; count++) {
        queue.append(5)
        queue.flushSync()
      }
    },
    lasting: ['ERR_IO'],
  },
  {
    name: 'flush',
    prepare: started(),
    async run(queue) {
      for (let count = 0; count < 3; count++) {
        queue.append(5)
        await queue.flush()
      }
    },
    lasting: ['ERR_IO'],
  },
]
