import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { buildQueue, textPayloads } from '../support/build-queue.js'

export const QUEUE = 'orders/queue/alpha/orders_out'

/**
 * A bus with a healthy feed, a queue to copy to, and one strategy. The queue of the strategy has two sealed segments, a head, a prepared one, two readers, a durable mark, and
 * marks of an owner that is gone.
 */
export function makeSmallBus(root: string): void {
  buildQueue(join(root, 'market_data/queue/feed'), { payloads: textPayloads(5) })
  buildQueue(join(root, 'market_data/queue/copies'), { payloads: textPayloads(5) })
  const queue = join(root, QUEUE)
  mkdirSync(queue, { recursive: true })
  writeQueue(queue)
  const owner = {
    pid: 1,
    startTime: 1,
    bootId: '00000000-0000-0000-0000-000000000000',
    epoch: 1,
    timestampNs: '1700000000000000000',
  }
  writeFileSync(join(queue, 'LEASE'), JSON.stringify(owner))
  writeFileSync(join(queue, 'READY'), '')
  const message = { timestampNs: '1700000000000000000', typeId: 3, text: 'imported' }
  writeFileSync(join(root, 'input.ndjson'), `${JSON.stringify(message)}\n`.repeat(3))
  writeFileSync(join(root, 'input.csv'), 'sequence,timestampNs,typeId,text\n0,1700000000000000000,3,imported\n')
}

function writeQueue(queue: string): void {
  using writer = openWriter(queue, { segmentSize: 4096, heartbeatIntervalMs: 0 })
  for (let number = 0; number < 21; number += 1) {
    writer.append((number % 5) + 1, Buffer.alloc((number * 97) % 700, number + 65), {
      timestampNs: 1_700_000_000_000_000_000n + BigInt(number),
    })
    if (number === 9) writer.flushSync()
  }
  for (const [name, count] of [
    ['audit', 18],
    ['router', 4],
  ] as const) {
    using reader = openReader(queue, name)
    reader.poll(count, () => undefined)
    reader.commit()
  }
  // The next segment is prepared in the background.
  const next = `${String(writer.position.segmentId + 1).padStart(9, '0')}.q`
  while (!existsSync(join(queue, next)));
}
