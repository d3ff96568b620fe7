import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWriter } from '@chronicle-ts/core'
import { LEASE_FILE, LEASE_TEMPORARY_FILE, segmentFileName } from '@chronicle-ts/core/internal'
import { inspectQueue, inspectState } from '@chronicle-ts/inspect'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describedIncidents, documentedIncidents, type Incident, nameOn } from './incident.js'
import { type LiveSurface, startLiveSurfaces } from './live-surfaces.js'
import { TradingDemo } from './trading-demo.js'

/** Minutes of work, so only on request; `incidents.test.ts` makes the same incidents on one writer and one reader in every run. */
const ASKED = process.env['INCIDENTS'] !== undefined

/** What an operator waits for, from the moment in which the incident is true. Only the proof on request measures it: a loaded machine is not a fault. */
const LIMIT_MS = Number(process.env['INCIDENTS_LIMIT_MS'] ?? 2000)
const PATIENCE_MS = 100_000

/** Five renewals, as the bus counts them, and a moment. */
const LEASE_MS = 5100

let folder: string
let demo: TradingDemo
let surfaces: readonly LiveSurface[]
let kept = ''
const rows: string[] = []

/** A segment of the feed that no reader needs and that retention does not delete soon. */
function sealedSegment(): string {
  const sealed = inspectQueue(demo.feedQueue, { quick: true }).segments.inspected.filter((segment) => segment.sealed)
  const chosen = sealed.at(-1) ?? expect.fail('no sealed segment')
  return join(demo.feedQueue, segmentFileName(chosen.segmentId))
}

const thresholds = () => join(demo.feedQueue, 'thresholds.json')
const STRATEGY = 'strategy-2'
const QUIET = 'quiet'

/** Makes the demo's directory full, or says that it is. */
function fillDisk(): void {
  if (!demo.isMounted) {
    writeFileSync(thresholds(), '{"diskFreeBytes":{"critical":1e300}}')
    return
  }
  const chunk = Buffer.alloc(1024 * 1024)
  try {
    for (;;) writeFileSync(join(demo.root, 'filler'), chunk, { flag: 'a' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

const INCIDENTS: readonly Incident[] = [
  {
    title: 'the writer is killed',
    code: 'WRITER_DEAD',
    exitCode: 3,
    begin: () => demo.endFeed(),
    end: () => demo.startFeed('coinbase'),
  },
  {
    title: 'a reader is killed',
    code: 'READER_DEAD',
    exitCode: 3,
    begin: () => demo.killStrategy(STRATEGY),
    end: () => demo.startStrategy(STRATEGY),
  },
  {
    title: 'a reader is stopped',
    code: 'READER_STOPPED',
    exitCode: 3,
    begin: () => void demo.auditor.child.kill('SIGSTOP'),
    end: () => void demo.auditor.child.kill('SIGCONT'),
  },
  {
    title: 'the writer is stopped',
    code: 'WRITER_STOPPED',
    exitCode: 2,
    begin: () => void demo.feed.kill('SIGSTOP'),
    end: () => void demo.feed.kill('SIGCONT'),
  },
  {
    title: 'the writer is blocked by a reader that holds the oldest segment',
    code: 'WRITER_BLOCKED',
    exitCode: 2,
    begin: async () => {
      await demo.auditor.tell('loop')
      await demo.endFeed('SIGTERM')
      await demo.startFeed('coinbase', 'max')
      while (inspectState(demo.feedQueue).state.writer.word !== 'blocked') await sleep(20)
    },
    end: async () => {
      demo.feed.kill('SIGTERM')
      await demo.auditor.tell('work')
      await demo.endFeed('SIGTERM')
      await demo.startFeed('coinbase')
    },
  },
  {
    title: 'a reader loops and commits nothing',
    code: 'READER_LAGGING',
    exitCode: 3,
    begin: async () => {
      writeFileSync(thresholds(), '{"readers":{"auditor":{"lagSeconds":1}}}')
      await demo.auditor.tell('loop')
      await sleep(1500)
    },
    end: async () => {
      await demo.auditor.tell('work')
      rmSync(thresholds())
    },
  },
  {
    title: 'a segment is cut short',
    code: 'QUEUE_DAMAGED',
    exitCode: 2,
    doctor: 'SEGMENT_SHORT',
    begin: () => {
      kept = sealedSegment()
      copyFileSync(kept, join(folder, 'kept'))
      truncateSync(kept, 1000)
    },
    end: () => copyFileSync(join(folder, 'kept'), kept),
  },
  {
    title: 'a segment is deleted',
    code: 'QUEUE_DAMAGED',
    exitCode: 2,
    doctor: 'SEGMENT_MISSING',
    begin: () => {
      kept = sealedSegment()
      copyFileSync(kept, join(folder, 'kept'))
      rmSync(kept)
    },
    end: () => copyFileSync(join(folder, 'kept'), kept),
  },
  {
    title: 'a clock is forged',
    code: 'CLOCK_AHEAD',
    exitCode: 3,
    begin: () => demo.playForged('kraken'),
    end: () => {
      for (const kind of ['queue', 'send_notes']) rmSync(join(demo.root, 'market_data', kind, 'kraken'), { recursive: true })
    },
  },
  {
    title: 'a lease expires',
    code: 'LEASE_EXPIRED',
    exitCode: 3,
    begin: async () => {
      // What stands in the place of the new LEASE keeps the strategy from renewing it.
      mkdirSync(join(demo.ordersOut(STRATEGY), LEASE_TEMPORARY_FILE))
      await sleep(LEASE_MS)
    },
    end: () => rmSync(join(demo.ordersOut(STRATEGY), LEASE_TEMPORARY_FILE), { recursive: true }),
  },
  {
    title: 'the directory is replaced by a copy',
    code: 'WRITER_REPLACED',
    exitCode: 2,
    begin: async () => {
      // A strategy that orders in that very instant would end with ERR_LOCK_LOST, and be dead.
      await demo.startQuietStrategy(QUIET)
      // The bus may be a file system of its own, out of which nothing can be renamed.
      const copy = join(folder, 'copy')
      cpSync(demo.ordersOut(QUIET), copy, { recursive: true })
      rmSync(demo.ordersOut(QUIET), { recursive: true })
      cpSync(copy, demo.ordersOut(QUIET), { recursive: true })
    },
    end: () => demo.removeStrategy(QUIET),
  },
  {
    title: 'the disk is full',
    code: 'DISK_FULL',
    exitCode: 2,
    begin: fillDisk,
    end: () => rmSync(demo.isMounted ? join(demo.root, 'filler') : thresholds()),
  },
]

/** Milliseconds until each surface says what it should, all of them asked at the same time, again and again. */
async function awaitOnAll(says: (surface: LiveSurface) => Promise<boolean>): Promise<ReadonlyMap<string, number>> {
  const begun = performance.now()
  const times = surfaces.map(async (surface) => {
    while (!(await says(surface))) {
      if (performance.now() - begun > PATIENCE_MS)
        expect.fail(`${surface.name} says ${JSON.stringify(await surface.look())} after ${PATIENCE_MS} ms`)
    }
    return [surface.name, Math.round(performance.now() - begun)] as const
  })
  return new Map(await Promise.all(times))
}

/** Whether a surface says that all is well. */
async function isOk(surface: LiveSurface): Promise<boolean> {
  const { codes, exitCode } = await surface.look()
  return codes.length === 0 && (exitCode ?? 0) === 0
}

function note(title: string, said: ReadonlyMap<string, number>, over: ReadonlyMap<string, number>): void {
  const cells = surfaces.map(({ name }) => `${seconds(said.get(name))} / ${seconds(over.get(name))}`)
  rows.push(`| ${title} | ${cells.join(' | ')} |`)
  const late = [...said, ...over].filter(([, took]) => took > LIMIT_MS)
  expect({ title, late }).toEqual({ title, late: [] })
}

const seconds = (ms = Number.NaN) => (ms / 1000).toFixed(1)

describe.runIf(ASKED)('incidents of the trading example, on every surface', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chronicle-incidents-'))
    demo = await TradingDemo.start(join(folder, 'bus'))
    // A few segments, so that one in the middle is sealed.
    await demo.endFeed('SIGTERM')
    await demo.startFeed('coinbase', '20')
    while (inspectQueue(demo.feedQueue, { quick: true }).segments.inspected.filter(({ sealed }) => sealed).length < 3)
      await sleep(20)
    await demo.endFeed('SIGTERM')
    await demo.startFeed('coinbase')
    surfaces = await startLiveSurfaces(demo.root)
    // Each incident ends so, too.
    await awaitOnAll(isOk)
  })
  afterAll(async () => {
    console.info(
      [`| incident | ${surfaces.map(({ name }) => name).join(' | ')} |`, `|---|${'---|'.repeat(surfaces.length)}`, ...rows].join(
        '\n',
      ),
    )
    await Promise.all(surfaces.map((surface) => surface.stop()))
    await demo.stop()
    rmSync(folder, { recursive: true })
  })

  it.each(INCIDENTS.map((incident) => [incident.title, incident] as const))('%s', async (title, incident) => {
    await incident.begin()
    const said = awaitOnAll(async (surface) => {
      const { codes, exitCode } = await surface.look()
      return codes.includes(nameOn(surface.name, incident)) && (exitCode === undefined || exitCode === incident.exitCode)
    })
    // Also when a surface never says it: what is not ended would fail every incident after it.
    await said.finally(() => incident.end())
    note(title, await said, await awaitOnAll(isOk))
  })

  it('two hundred queues appear at once, and are gone again', async () => {
    const { queues } = await (surfaces[0] as LiveSurface).look()
    const many = join(demo.root, 'many')
    for (let index = 0; index < 200; index += 1) openWriter(join(many, `queue-${index}`), { segmentSize: 4096 }).close()
    const said = await awaitOnAll(async (surface) => (await surface.look()).queues === queues + 200)
    rmSync(many, { recursive: true })
    const over = await awaitOnAll(async (surface) => (await surface.look()).queues === queues)
    note('two hundred queues', said, over)
  })

  it('lost nothing: every order that is in a queue has been answered', async () => {
    await expect
      .poll(() => ['strategy-1', 'strategy-2'].map((name) => inspectState(demo.ordersOut(name)).state.readers[0]?.lag.messages), {
        timeout: PATIENCE_MS,
      })
      .toEqual([0, 0])
    expect(existsSync(join(demo.ordersOut(STRATEGY), LEASE_FILE))).toBe(true)
    expect(readFileSync(join(demo.ordersOut(STRATEGY), LEASE_FILE), 'utf8')).toContain('pid')
  })
})

describe('the incidents of the trading example', () => {
  it('are the table of docs/states.md', () => {
    expect(documentedIncidents()).toEqual(describedIncidents(INCIDENTS))
  })
})
