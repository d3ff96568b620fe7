import { parseArgs } from 'node:util'
import { openBus } from '@chronicle-ts/topics'
import { ORDERS_SEGMENT_SIZE, tradingTopics } from '../order-messages.js'
import { ExpectedError } from '../process/expected-error.js'
import { ParentLink } from '../process/parent-link.js'
import type { StrategyState } from '../process/program-state.js'
import { runProgram } from '../process/run-program.js'
import { Strategy } from './strategy.js'

/** Trades on the feeds named, through its own `orders_out` and `orders_in`. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      root: { type: 'string' },
      name: { type: 'string' },
      feed: { type: 'string', multiple: true },
      span: { type: 'string', default: '8' },
    },
  })
  const { root, name, feed: venues } = values
  const span = Number(values.span)
  if (root === undefined || name === undefined || venues === undefined || !(span >= 1)) {
    throw new ExpectedError('Usage: strategy --root DIR --name NAME --feed VENUE [--feed VENUE ...] [--span N]')
  }

  using bus = openBus(root, tradingTopics)
  const orders = bus.publisher('orders', { key: name, announce: false, writer: { segmentSize: ORDERS_SEGMENT_SIZE } })
  const strategy = new Strategy({ bus, venues, span }, orders)
  const link = new ParentLink<StrategyState>(() => strategy.state)
  try {
    await strategy.attach(link.stopSignal)
    orders.announce()
    link.ready()
    await link.started
    await strategy.run(link)
  } catch (error) {
    // Stopped while it waited for a feed.
    if (error !== link.stopSignal.reason) throw error
  } finally {
    strategy.close()
  }
  await link.done()
}

await runProgram(main)
