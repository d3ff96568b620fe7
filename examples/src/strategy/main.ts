import { parseArgs } from 'node:util'
import { BusLayout, writeReady } from '@chronicle-ts/bus'
import { openWriter } from '@chronicle-ts/core'
import { UsageError } from '../process/expected-error.js'
import { ParentLink } from '../process/parent-link.js'
import type { StrategyState } from '../process/program-state.js'
import { runProgram } from '../process/run-program.js'
import { ORDERS_SEGMENT_SIZE } from '../trading/order-layout.js'
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
    throw new UsageError('Usage: strategy --root DIR --name NAME --feed VENUE [--feed VENUE ...] [--span N]')
  }

  const layout = new BusLayout(root)
  const ordersOut = openWriter(layout.createStrategy(name).ordersOut, { segmentSize: ORDERS_SEGMENT_SIZE })
  const strategy = new Strategy({ layout, name, venues, span }, ordersOut)
  const link = new ParentLink<StrategyState>(() => strategy.state)
  try {
    await strategy.attach(link)
    writeReady(ordersOut.directory)
    link.ready()
    await link.started
    await strategy.run(link)
  } finally {
    strategy.close()
    ordersOut.close()
  }
  await link.done()
}

await runProgram(main)
