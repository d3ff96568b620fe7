/** Makes strategies ready on request, for `discovery.mjs`: one line with a name in, one line with the time just before READY out. */
import { createInterface } from 'node:readline'
import { openStrategyEndpoints } from '@chronicle-ts/bus'

const root = process.argv[2]
const renewals = { renewalIntervalMs: 0, writer: { segmentSize: 4096 } }
for await (const name of createInterface({ input: process.stdin })) {
  const strategy = openStrategyEndpoints(root, name, renewals)
  const beforeNs = process.hrtime.bigint()
  strategy.markReady()
  console.log(`${name} ${beforeNs}`)
  strategy.ordersOut.close()
}
