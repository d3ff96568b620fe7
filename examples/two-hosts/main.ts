/**
 * Two hosts: the trading demo's market data is written on host A, and its strategy and router run on host B, which has replicas of A's queues. Each host is a directory; all that goes from one to the other
 * goes through a real `nats-server`. One after the other are killed with SIGKILL: the server, each end of the bridge, and everything on host A, whereupon B's replicas become the sources.
 *
 *     node examples/dist/two-hosts/main.js [--root DIR] [--speed N]
 */
import { parseArgs } from 'node:util'
import { findNatsServer } from '@chronicle-ts/testing'
import { recordedCapture } from '../trading/capture/recorded-capture.js'
import { parseSpeed } from '../trading/feed/replay-schedule.js'
import { ExpectedError, InterruptedError } from '../trading/process/expected-error.js'
import { createFolder, removeFolder, useFolder } from '../trading/process/run-folder.js'
import { runProgram } from '../trading/process/run-program.js'
import { isSound } from './hosts-audit.js'
import { TwoHosts } from './two-hosts.js'

const USAGE = 'Usage: two-hosts [--root DIR] [--speed N]'
const CAPTURE = recordedCapture('coinbase-2021-04-17.ws.txt.gz')
const INTERRUPTED_EXIT_CODE = 130
const UNSOUND_EXIT_CODE = 2

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { root: { type: 'string' }, speed: { type: 'string', default: '1' }, help: { type: 'boolean' } },
  })
  if (values.help === true) {
    console.log(USAGE)
    return
  }
  const speed = String(parseSpeed(values.speed))
  const binary = findNatsServer()
  if (binary === undefined)
    throw new ExpectedError('Skipped: nats-server is not installed (Debian: apt-get install nats-server); nothing was run')
  const folder = values.root === undefined ? createFolder({ program: 'two-hosts' }) : useFolder(values.root)
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())
  const hosts = new TwoHosts({ root: folder.root, capture: CAPTURE, speed, signal: interrupt.signal })
  try {
    const summary = await hosts.run(binary)
    console.log(JSON.stringify({ root: folder.root, ...summary, isSound: isSound(summary.audit) }, undefined, 2))
    if (!isSound(summary.audit)) process.exitCode = UNSOUND_EXIT_CODE
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error
    removeFolder(folder)
    console.error('Interrupted: all processes are stopped')
    process.exitCode = INTERRUPTED_EXIT_CODE
  }
}

await runProgram(main)
