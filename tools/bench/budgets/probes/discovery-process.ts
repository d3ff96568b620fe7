/** Makes a strategy ready for each name that its parent sends, and answers with the time just before READY. */
import { openStrategyEndpoints } from '@chronicle-ts/bus'
import { monotonicNs } from '@chronicle-ts/cli/bench'

/** The answer to one name. */
export interface Announced {
  readonly beforeNs: number
}

const root = process.argv[2] ?? ''
process.on('message', (name: string) => {
  const strategy = openStrategyEndpoints(root, name, { renewalIntervalMs: 0, writer: { segmentSize: 4096 } })
  const beforeNs = monotonicNs()
  strategy.markReady()
  const answer: Announced = { beforeNs }
  process.send?.(answer)
  strategy.ordersOut.close()
})
