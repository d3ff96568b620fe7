/** A strategy: `strategy.mjs <root> <name> <orders>`. Says its pid and epoch when it is ready; ends in good order when its standard input ends. Writes down the pid of SAYS_PID where that is given. */
import { openStrategyEndpoints } from '@chronicle-ts/bus'

if (process.env.SAYS_PID) Object.defineProperty(process, 'pid', { value: Number(process.env.SAYS_PID) })
const [root, name, orders] = process.argv.slice(2)
const endpoints = openStrategyEndpoints(root, name, { writer: { segmentSize: 4096 }, renewalIntervalMs: 20 })
endpoints.markReady()
for (let order = 0; order < Number(orders); order++) endpoints.ordersOut.append(1, Buffer.from(`${name} ${order}`))
console.log(JSON.stringify({ pid: process.pid, epoch: endpoints.ordersOut.epoch }))
process.stdin.resume().on('end', () => endpoints.close())
