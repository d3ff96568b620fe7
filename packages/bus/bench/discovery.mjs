#!/usr/bin/env node
/**
 * How long it takes a router to see a strategy of another process that marks itself ready, and what waiting costs. From just before LEASE and READY are written to the
 * event in the router's iterator; both processes read the same monotonic clock.
 *
 * Run after a build: `node packages/bus/bench/discovery.mjs`. Takes about half a minute.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { BusLayout, ownIdentity, RouterDiscovery, writeLease, writeReady } from '@chronicle-ts/bus'
import { openWriter } from '@chronicle-ts/core'

const ANNOUNCER = fileURLToPath(new URL('./announcer.mjs', import.meta.url))
const IDLE_MS = 4000

/** Strategies that are there before and stay as they are: copies of one that has been started and killed. */
function makeIdle(root, count) {
  if (count === 0) return
  const layout = new BusLayout(root)
  const first = layout.strategy('idle-0')
  const writer = openWriter(first.ordersOut, { segmentSize: 4096 })
  writeLease(first.ordersOut, { ...ownIdentity(), epoch: 1, timestampNs: 0n, closed: false })
  writeReady(first.ordersOut)
  writer.close()
  for (let index = 1; index < count; index++)
    cpSync(first.directory, layout.strategy(`idle-${index}`).directory, { recursive: true })
}

async function measureLatency(root, { rounds, watch }) {
  const discovery = new RouterDiscovery(root, { watch })
  discovery.poll()
  await delay(1500)
  const announcer = spawn(process.execPath, [ANNOUNCER, root], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: announcer.stdout })[Symbol.asyncIterator]()
  const latenciesMs = []
  for (let round = 0; round < rounds; round++) {
    const next = discovery.events().next()
    announcer.stdin.write(`new-${watch}-${round}\n`)
    await next
    const seenNs = process.hrtime.bigint()
    const [, beforeNs] = (await answers.next()).value.split(' ')
    latenciesMs.push(Number(seenNs - BigInt(beforeNs)) / 1e6)
    discovery.poll()
    // Not in step with the rescans.
    await delay(5 + Math.random() * 30)
  }
  announcer.stdin.end()
  discovery.close()
  return latenciesMs.sort((one, other) => one - other)
}

async function measureIdle(root) {
  const discovery = new RouterDiscovery(root)
  discovery.poll()
  await delay(2000)
  const before = process.cpuUsage()
  await delay(IDLE_MS)
  const { user, system } = process.cpuUsage(before)
  const { watches } = discovery.metrics()
  discovery.close()
  return { watches, cpuPercent: (user + system) / (IDLE_MS * 10) }
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
const line = (label, ms) =>
  `${label.padEnd(44)} p50 ${at(ms, 0.5).toFixed(2)} ms   p99 ${at(ms, 0.99).toFixed(2)} ms   max ${at(ms, 1).toFixed(2)} ms   n ${ms.length}`

for (const idle of [0, 1000]) {
  const root = mkdtempSync(join(tmpdir(), 'chronicle-discovery-'))
  try {
    makeIdle(root, idle)
    console.log(line(`inotify, ${idle} other strategies`, await measureLatency(root, { rounds: 200, watch: true })))
    console.log(line(`rescans alone, ${idle} other strategies`, await measureLatency(root, { rounds: 12, watch: false })))
    const { watches, cpuPercent } = await measureIdle(root)
    console.log(`${`idle, ${idle + 212} strategies`.padEnd(44)} ${watches} watches   ${cpuPercent.toFixed(2)} % of one CPU`)
  } finally {
    rmSync(root, { recursive: true })
  }
}
