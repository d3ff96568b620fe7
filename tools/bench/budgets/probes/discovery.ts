import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BusLayout, ownIdentity, RouterDiscovery, writeLease, writeReady } from '@chronicle-ts/bus'
import { median, monotonicNs, quantile } from '@chronicle-ts/cli/bench'
import { openWriter } from '@chronicle-ts/core'
import type { Figures, Probe, ProbeContext } from '../probe.js'
import type { Announced } from './discovery-process.js'

const OTHER_STRATEGIES = 1000
const SEGMENT_SIZE = 4096
/** Until the first scan and the watches have settled. */
const SETTLING_MS = 1500
const IDLE_MS = 2000
const MILLISECONDS_PER_NS = 1e-6

/** From just before LEASE and READY are written to the event in another process's iterator, with and without watches, and what waiting for it costs. */
export const discovery: Probe = {
  name: 'discovery of a strategy by a router',
  measure: async (context) => ({
    ...(await measure(context, { others: 0, suffix: 'Alone' })),
    ...(await measure(context, { others: context.quick ? 20 : OTHER_STRATEGIES, suffix: 'Among' })),
  }),
}

async function measure(
  { directory, quick }: ProbeContext,
  { others, suffix }: { readonly others: number; readonly suffix: string },
): Promise<Figures> {
  const root = join(directory, suffix)
  mkdirSync(root)
  makeIdleStrategies(root, others)
  const watched = await measureLatencies(root, { count: quick ? 3 : 60, watch: true, settlingMs: quick ? 10 : SETTLING_MS })
  const rescanned = await measureLatencies(root, { count: quick ? 1 : 4, watch: false, settlingMs: quick ? 10 : SETTLING_MS })
  return {
    [`discovery${suffix}P50Ms`]: median(watched),
    [`discovery${suffix}P99Ms`]: quantile(watched, 0.99),
    [`rescan${suffix}P50Ms`]: median(rescanned),
    [`discovery${suffix}IdlePercent`]: await measureIdle(root, quick ? 20 : IDLE_MS),
  }
}

/** Strategies that are there before and stay as they are: copies of one that was opened and left with READY in place. */
function makeIdleStrategies(root: string, count: number): void {
  if (count === 0) return
  const layout = new BusLayout(root)
  const { ordersOut, directory } = layout.strategy('idle-0')
  const writer = openWriter(ordersOut, { segmentSize: SEGMENT_SIZE })
  writeLease(ordersOut, { ...ownIdentity(), epoch: 1, timestampNs: 0n, closed: false })
  writeReady(ordersOut)
  writer.close()
  for (let index = 1; index < count; index++) {
    cpSync(directory, layout.strategy(`idle-${index}`).directory, { recursive: true })
  }
}

interface LatencyOptions {
  readonly count: number
  readonly watch: boolean
  readonly settlingMs: number
}

/** Milliseconds until each of `count` strategies was seen. */
async function measureLatencies(root: string, { count, watch, settlingMs }: LatencyOptions): Promise<number[]> {
  using router = new RouterDiscovery(root, { watch })
  router.poll()
  await sleep(settlingMs)
  const announcer = fork(join(import.meta.dirname, 'discovery-process.js'), [root])
  const exit = once(announcer, 'exit')
  try {
    const latenciesMs: number[] = []
    for (let index = 0; index < count; index++) {
      const name = `new-${watch ? 'watched' : 'scanned'}-${index}`
      latenciesMs.push(await measureOne(router, { announcer, exit }, name))
      // The next announcement is in no step with the rescans.
      await sleep(5 + Math.random() * 30)
    }
    return latenciesMs
  } finally {
    announcer.kill()
  }
}

interface Announcing {
  readonly announcer: ChildProcess
  /** Settles when the process ends. */
  readonly exit: Promise<unknown[]>
}

async function measureOne(router: RouterDiscovery, { announcer, exit }: Announcing, name: string): Promise<number> {
  const events = router.events()
  const seen = events.next()
  const announced = Promise.race([once(announcer, 'message'), exit])
  announcer.send(name)
  const { value } = await seen
  const seenNs = monotonicNs()
  await events.return()
  if (value?.strategy !== name) throw new Error(`the router saw ${value?.strategy} instead of ${name}`)
  const [answer] = await announced
  if (!isAnnounced(answer)) throw new Error(`the announcing process ended: ${answer}`)
  router.poll()
  return (seenNs - answer.beforeNs) * MILLISECONDS_PER_NS
}

function isAnnounced(answer: unknown): answer is Announced {
  return typeof answer === 'object' && answer !== null && 'beforeNs' in answer
}

/** Percent of one CPU. */
async function measureIdle(root: string, idleMs: number): Promise<number> {
  using router = new RouterDiscovery(root)
  router.poll()
  await sleep(idleMs)
  const before = process.cpuUsage()
  const beginNs = monotonicNs()
  await sleep(idleMs)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000 * 100) / (monotonicNs() - beginNs)
}
