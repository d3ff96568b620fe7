import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BusLayout, openRouterEndpoints, openStrategyEndpoints, readLease, type StrategyEndpoints } from '@chronicle-ts/bus'
import { messageOf } from '../ledger.js'
import { type QueueCase, SEGMENT_SIZE } from '../queue-case.js'
import type { Operation } from './operation.js'

const NAME = 'momentum'
const OPTIONS = { writer: { segmentSize: SEGMENT_SIZE, heartbeatIntervalMs: 0 }, renewalIntervalMs: 0 }

function busOf(queue: QueueCase): string {
  return join(queue.folder, 'bus')
}

function openStrategy(queue: QueueCase): StrategyEndpoints | undefined {
  return queue.attempt('openStrategyEndpoints', () => {
    const strategy = openStrategyEndpoints(busOf(queue), NAME, OPTIONS)
    queue.adopt('strategy', strategy, strategy.ordersOut)
    return strategy
  })
}

/** A mark that could not be set is not there, and one that is set is whole. */
function lookAtMarks(queue: QueueCase, strategy: StrategyEndpoints): void {
  const { ready } = strategy.paths
  if (existsSync(ready) !== strategy.isReady)
    queue.ledger.find(`READY is ${existsSync(ready) ? '' : 'not '}there and isReady is ${strategy.isReady}`)
  if (!strategy.isReady) return
  const lease = readLease(strategy.paths.ordersOut)
  if (lease.kind !== 'lease' || lease.lease.closed)
    queue.ledger.find(`the strategy is ready and its lease is ${JSON.stringify(lease.kind)}`)
}

const strategies = new WeakMap<QueueCase, StrategyEndpoints>()

function strategyOf(queue: QueueCase): StrategyEndpoints {
  const strategy = strategies.get(queue)
  if (strategy === undefined) throw new Error('the strategy was not opened')
  return strategy
}

function prepareStrategy(queue: QueueCase): StrategyEndpoints {
  const strategy = openStrategy(queue)
  if (strategy === undefined) throw new Error('the strategy does not open although no call fails')
  strategies.set(queue, strategy)
  return strategy
}

const DIRECTORY = join('bus', 'orders', 'queue', NAME, 'orders_out')

export const BUS: readonly Operation[] = [
  {
    name: 'open a strategy',
    directory: DIRECTORY,
    prepare: () => undefined,
    run(queue) {
      if (queue.writer === undefined) openStrategy(queue)
      queue.append(3)
    },
  },
  {
    name: 'markReady',
    directory: DIRECTORY,
    prepare: prepareStrategy,
    run: (queue) => void queue.attempt('markReady', () => strategyOf(queue).markReady()),
    look: (queue) => lookAtMarks(queue, strategyOf(queue)),
    check: (queue) => lookAtMarks(queue, strategyOf(queue)),
  },
  {
    name: 'renewLease',
    directory: DIRECTORY,
    prepare: (queue) => prepareStrategy(queue).markReady(),
    run: (queue) => void queue.attempt('renewLease', () => strategyOf(queue).renewLease()),
    look: (queue) => lookAtMarks(queue, strategyOf(queue)),
    check: (queue) => lookAtMarks(queue, strategyOf(queue)),
  },
  {
    name: 'close a strategy',
    directory: DIRECTORY,
    prepare: (queue) => prepareStrategy(queue).markReady(),
    run: (queue) => queue.closeAll(),
    look(queue) {
      if (queue.ledger.failures.length === 0 && existsSync(strategyOf(queue).paths.ready))
        queue.ledger.find('close returned and READY is still there')
    },
    retry(queue) {
      const strategy = queue.writer === undefined ? openStrategy(queue) : undefined
      queue.attempt('markReady after a failed close', () => strategy?.markReady())
    },
  },
  {
    name: 'open a router',
    directory: DIRECTORY,
    prepare(queue) {
      prepareStrategy(queue)
      queue.append(5)
    },
    run(queue) {
      queue.attempt('openRouterEndpoints', () => {
        const router = openRouterEndpoints(busOf(queue), NAME, { writer: OPTIONS.writer })
        queue.adopt('router', router)
        if (router.ordersOut.next()?.sequence !== 0) queue.ledger.find('the router does not get the first order')
        const { typeId, payload } = messageOf(0)
        queue.attempt('append of an answer', () => router.ordersIn.append(typeId, payload))
        queue.attempt('close of the router', () => router.close())
      })
    },
  },
  {
    name: 'wait for answers',
    directory: DIRECTORY,
    prepare(queue) {
      prepareStrategy(queue)
      new BusLayout(busOf(queue)).createStrategy(NAME)
    },
    async run(queue) {
      const strategy = strategyOf(queue)
      const appears = queue.attemptAsync('waitForOrdersIn', () =>
        strategy.waitForOrdersIn({ signal: AbortSignal.timeout(3000) }).catch((error) => {
          if (error.name !== 'TimeoutError') throw error
        }),
      )
      queue.attempt('openRouterEndpoints', () =>
        queue.adopt('router', openRouterEndpoints(busOf(queue), NAME, { writer: OPTIONS.writer })),
      )
      const failures = queue.ledger.failures.length
      const reader = await appears
      if (failures === 0 && queue.ledger.failures.length === 0 && reader === undefined)
        queue.ledger.find('the queue of answers was made, and waitForOrdersIn did not see it for three seconds')
    },
    retry: () => undefined,
  },
]
