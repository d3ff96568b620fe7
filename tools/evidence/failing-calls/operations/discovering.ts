import { join } from 'node:path'
import { openStrategyEndpoints, RouterDiscovery, SubscriberDiscovery } from '@chronicle-ts/bus'
import { isQueueError } from '@chronicle-ts/core'
import { type QueueCase, SEGMENT_SIZE } from '../queue-case.js'
import type { Operation } from './operation.js'

const NAME = 'momentum'
const OPTIONS = { writer: { segmentSize: SEGMENT_SIZE, heartbeatIntervalMs: 0 }, renewalIntervalMs: 0 }
const COUNT = 5
/** A discovery that has met an error looks again at its next rescan. */
const RESCAN_INTERVAL_MS = 5
const PATIENCE_MS = 2000

function busOf(queue: QueueCase): string {
  return join(queue.folder, 'bus')
}

function prepare(queue: QueueCase): void {
  const strategy = openStrategyEndpoints(busOf(queue), NAME, OPTIONS)
  queue.adopt('strategy', strategy, strategy.ordersOut)
  strategy.markReady()
  queue.append(COUNT)
}

const subscribers = new WeakMap<QueueCase, SubscriberDiscovery>()
const routers = new WeakMap<QueueCase, RouterDiscovery>()

/** Polls until the discovery has found what is there. */
async function until(queue: QueueCase, what: string, hasFound: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!hasFound()) {
    if (performance.now() >= deadline) return queue.ledger.find(`no call fails, and after ${PATIENCE_MS} ms ${what} is not found`)
    await new Promise((resolve) => setTimeout(resolve, RESCAN_INTERVAL_MS))
  }
}

const subscribe: Operation = {
  name: 'discover a queue',
  directory: join('bus', 'orders', 'queue', NAME, 'orders_out'),
  prepare,
  run(queue) {
    queue.attempt('SubscriberDiscovery', () => {
      const discovery = new SubscriberDiscovery(queue.directory, 'watcher', { rescanIntervalMs: RESCAN_INTERVAL_MS })
      queue.adopt('discovery', discovery)
      subscribers.set(queue, discovery)
      for (const event of discovery.poll())
        if (event.kind === 'waiting') {
          // Something is there: only an error can say that it is not read.
          if (event.reason !== 'error') queue.ledger.find(`the discovery waits for ${event.reason}, and the queue is there`)
          else if (!isQueueError(event.error)) queue.ledger.find(`the discovery says ${event.error}, which has no code`)
        }
    })
  },
  async retry(queue) {
    if (!subscribers.has(queue)) this.run(queue)
    const discovery = subscribers.get(queue)
    if (discovery === undefined) return
    await until(queue, 'the queue', () => {
      discovery.poll()
      return discovery.reader !== undefined
    })
    if (discovery.reader !== undefined && discovery.reader.next()?.sequence !== 0)
      queue.ledger.find('the reader that was discovered does not begin with the first message')
  },
}

const watchStrategies: Operation = {
  name: 'discover a strategy',
  directory: join('bus', 'orders', 'queue', NAME, 'orders_out'),
  prepare,
  run(queue) {
    queue.attempt('RouterDiscovery', () => {
      const onProblem = ({ error }: { readonly error: unknown }): void => {
        if (!isQueueError(error)) queue.ledger.find(`the discovery reports ${error}, which has no code`)
      }
      const discovery = new RouterDiscovery(busOf(queue), { rescanIntervalMs: RESCAN_INTERVAL_MS, onProblem })
      queue.adopt('discovery', discovery)
      routers.set(queue, discovery)
      for (const event of discovery.poll())
        if (event.kind === 'removed') queue.ledger.find('the discovery says that the strategy went, and it is there')
    })
  },
  async retry(queue) {
    if (!routers.has(queue)) this.run(queue)
    const discovery = routers.get(queue)
    if (discovery === undefined) return
    await until(queue, 'the strategy', () => {
      discovery.poll()
      return discovery.strategies().some(({ strategy }) => strategy === NAME)
    })
  },
}

export const DISCOVERING: readonly Operation[] = [subscribe, watchStrategies]
