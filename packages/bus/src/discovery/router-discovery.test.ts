import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../test/support/eventually.js'
import { countDescriptors, countInotifyWatches } from '../../test/support/inotify-watches.js'
import { TemporaryBus } from '../../test/support/temporary-bus.js'
import type { DiscoveryEvent, DiscoveryProblem } from './discovery-event.js'
import { RouterDiscovery, type RouterDiscoveryOptions } from './router-discovery.js'

/** No rescan within any test: what is seen is seen by inotify, or by an explicit look. */
const NEVER_MS = 2 ** 31 - 1
const INOTIFY_ONLY = { rescanIntervalMs: NEVER_MS }
const LOOKS_ONLY = { rescanIntervalMs: NEVER_MS, watch: false }
const RESCANS_ONLY = { rescanIntervalMs: 10, watch: false }

let bus: TemporaryBus
const open: RouterDiscovery[] = []
const usesInotify = new WeakSet<RouterDiscovery>()

beforeEach(() => {
  bus = new TemporaryBus()
})

afterEach(() => {
  for (const discovery of open.splice(0)) discovery.close()
})

function discover(options: RouterDiscoveryOptions): RouterDiscovery {
  const discovery = new RouterDiscovery(bus.layout, options)
  open.push(discovery)
  if (options.watch !== false) usesInotify.add(discovery)
  return discovery
}

const summary = (event: DiscoveryEvent): string => `${event.kind} ${event.strategy}`

/** What an explicit look at everything finds. */
function look(discovery: RouterDiscovery): string[] {
  discovery.rescan()
  return discovery.poll().map(summary)
}

/** Collects events as they come, until there are `count`. */
async function collect(discovery: RouterDiscovery, count: number): Promise<string[]> {
  const events: string[] = []
  await eventually(() => events.push(...discovery.poll().map(summary)) >= count, `there were ${count} events`)
  return events
}

/** Waits until the tree and every strategy are watched where they are now. Without inotify there is nothing to wait for. */
async function settled(discovery: RouterDiscovery): Promise<void> {
  let [hints, quiet] = [-1, 0]
  await eventually(() => {
    const metrics = discovery.metrics()
    const isWatched = metrics.watches === 0 ? !usesInotify.has(discovery) : metrics.watches === metrics.directories + 1
    quiet = isWatched && metrics.hints === hints ? quiet + 1 : 0
    hints = metrics.hints
    return quiet > 5
  }, 'the watches were set up')
}

describe('what is there at the start', () => {
  it('reports announced strategies, sorted, and no others', () => {
    bus.start('beta')
    bus.start('Alpha', 7)
    bus.open('not-ready')
    bus.start('gone')
    bus.stop('gone')
    const discovery = discover(LOOKS_ONLY)
    expect(discovery.poll().map(summary)).toEqual(['added Alpha', 'added beta'])
    expect(discovery.poll()).toEqual([])
    expect(discovery.strategies().map(({ strategy, incarnation }) => [strategy, incarnation.epoch])).toEqual([
      ['Alpha', 7],
      ['beta', 1],
    ])
  })

  it('says which process runs a strategy', () => {
    bus.start('alpha', 3)
    const [event] = discover(LOOKS_ONLY).poll()
    expect(event).toMatchObject({ kind: 'added', incarnation: { epoch: 3, lease: { pid: 1003, epoch: 3 } } })
  })

  it('L30: accepts a READY and a LEASE that are empty', () => {
    bus.open('alpha', 2)
    bus.announce('alpha')
    writeFileSync(bus.layout.strategy('alpha').lease, '')
    const [event] = discover(LOOKS_ONLY).poll()
    expect(event).toEqual({ kind: 'added', strategy: 'alpha', incarnation: { epoch: 2, lease: undefined } })
  })

  it('accepts a READY without a queue', () => {
    bus.announce('alpha')
    expect(discover(LOOKS_ONLY).poll()).toEqual([
      { kind: 'added', strategy: 'alpha', incarnation: { epoch: undefined, lease: undefined } },
    ])
  })
})

describe.each([
  ['by inotify alone', INOTIFY_ONLY],
  ['by rescans alone', RESCANS_ONLY],
])('while it runs, %s', (_, options) => {
  it('L29: reports READY where the whole tree did not exist before', async () => {
    const discovery = discover(options)
    await settled(discovery)
    bus.start('alpha')
    expect(await collect(discovery, 1)).toEqual(['added alpha'])
  })

  it('L29: reports READY in a directory that was there', async () => {
    bus.open('alpha')
    const discovery = discover(options)
    await settled(discovery)
    bus.announce('alpha')
    expect(await collect(discovery, 1)).toEqual(['added alpha'])
  })

  it('reports a strategy that is announced, withdrawn and announced again', async () => {
    bus.open('alpha')
    const discovery = discover(options)
    const told: string[] = []
    for (const step of ['announce', 'withdraw', 'announce', 'withdraw'] as const) {
      await settled(discovery)
      bus[step]('alpha')
      told.push(...(await collect(discovery, 1)))
    }
    expect(told).toEqual(['added alpha', 'removed alpha', 'added alpha', 'removed alpha'])
  })

  it('reports a directory that is renamed away, and back', async () => {
    bus.start('alpha')
    const discovery = discover(options)
    expect(discovery.poll()).toHaveLength(1)
    await settled(discovery)
    const away = bus.renameAway('alpha')
    expect(await collect(discovery, 1)).toEqual(['removed alpha'])
    renameSync(away, bus.layout.strategy('alpha').directory)
    expect(await collect(discovery, 1)).toEqual(['added alpha'])
  })

  it('reports a directory that is deleted while a process has its files open', async () => {
    bus.start('alpha')
    const fd = openSync(join(bus.layout.strategy('alpha').ordersOut, 'control.meta'), 'r')
    const discovery = discover(options)
    expect(discovery.poll()).toHaveLength(1)
    await settled(discovery)
    bus.remove('alpha')
    await eventually(() => discovery.strategies().length === 0, 'it was gone')
    expect(discovery.poll().map(summary)).toEqual(['removed alpha'])
    expect(readSync(fd, Buffer.alloc(512))).toBe(512)
    closeSync(fd)
    bus.start('alpha')
    expect(await collect(discovery, 1)).toEqual(['added alpha'])
  })

  it('reports a READY that takes the place of another', async () => {
    bus.start('alpha')
    const discovery = discover(options)
    expect(discovery.poll()).toHaveLength(1)
    for (const epoch of [2, 3]) {
      await settled(discovery)
      bus.start('alpha', epoch)
      expect(await collect(discovery, 1)).toEqual(['restarted alpha'])
      await settled(discovery)
      expect(discovery.poll()).toEqual([])
    }
  })

  it('reports READY in a directory that took the place of the watched one', async () => {
    bus.open('alpha')
    const discovery = discover(options)
    await settled(discovery)
    const { ordersOut } = bus.layout.strategy('alpha')
    renameSync(ordersOut, `${ordersOut}.old`)
    mkdirSync(ordersOut)
    await settled(discovery)
    bus.announce('alpha')
    expect(await collect(discovery, 1)).toEqual(['added alpha'])
  })

  it('reports strategies after the whole tree was deleted and made again', async () => {
    bus.start('alpha')
    const discovery = discover(options)
    expect(discovery.poll()).toHaveLength(1)
    await settled(discovery)
    rmSync(bus.layout.root, { recursive: true })
    await eventually(() => discovery.strategies().length === 0, 'it was gone')
    expect(discovery.poll().map(summary)).toEqual(['removed alpha'])
    await settled(discovery)
    bus.start('beta')
    expect(await collect(discovery, 1)).toEqual(['added beta'])
  })
})

describe('between two polls', () => {
  it.each(['renamed away', 'deleted'])('another directory in the place of one that was %s is not a restart', (how) => {
    bus.start('alpha')
    const discovery = discover(LOOKS_ONLY)
    discovery.poll()
    if (how === 'deleted') bus.remove('alpha')
    else bus.renameAway('alpha')
    // The same epoch, and the same process: nothing but the directory shows that this is another queue.
    bus.start('alpha')
    discovery.rescan()
    expect(discovery.poll()).toMatchObject([
      { kind: 'removed', strategy: 'alpha', reason: 'directory-gone' },
      { kind: 'added', strategy: 'alpha', incarnation: { epoch: 1 } },
    ])
    expect(look(discovery)).toEqual([])
  })

  it('L29: a quick remove and add is a restart', () => {
    bus.start('alpha')
    const discovery = discover(LOOKS_ONLY)
    discovery.poll()
    bus.stop('alpha')
    bus.start('alpha', 2)
    discovery.rescan()
    expect(discovery.poll()).toMatchObject([
      { kind: 'restarted', strategy: 'alpha', incarnation: { epoch: 2 }, changed: ['ready', 'epoch', 'lease'] },
    ])
  })

  it('a visit that is over is added and removed, without inotify by what the strategy left', () => {
    bus.open('alpha')
    const discovery = discover(LOOKS_ONLY)
    bus.start('alpha')
    bus.stop('alpha')
    bus.start('beta')
    bus.stop('beta')
    expect(look(discovery)).toEqual(['added alpha', 'removed alpha', 'added beta', 'removed beta'])
    expect(look(discovery)).toEqual([])
  })

  it('a READY that came and went without a lease is added and removed, by what inotify saw', async () => {
    bus.open('alpha')
    const discovery = discover(INOTIFY_ONLY)
    await settled(discovery)
    for (let visit = 0; visit < 3; visit++) {
      bus.announce('alpha')
      bus.withdraw('alpha')
      expect(await collect(discovery, 2)).toEqual(['added alpha', 'removed alpha'])
      await settled(discovery)
      expect(discovery.poll()).toEqual([])
    }
  })

  it('a visit that inotify saw and that left a farewell is reported once', async () => {
    bus.open('alpha')
    const discovery = discover(INOTIFY_ONLY)
    await settled(discovery)
    for (const epoch of [1, 2, 3]) {
      bus.start('alpha', epoch)
      bus.stop('alpha', epoch)
      expect(await collect(discovery, 2)).toEqual(['added alpha', 'removed alpha'])
      await settled(discovery)
      expect(discovery.poll()).toEqual([])
    }
  })
})

describe('restarts', () => {
  it('L38: a new writer epoch is one, although READY and LEASE stayed as a killed predecessor left them', () => {
    bus.start('alpha')
    const discovery = discover(LOOKS_ONLY)
    discovery.poll()
    bus.open('alpha', 2)
    discovery.rescan()
    expect(discovery.poll()).toMatchObject([{ kind: 'restarted', changed: ['epoch'], incarnation: { epoch: 2 } }])
  })

  it.each([{ pid: 9 }, { startTime: 9 }, { bootId: 'other' }, { epoch: 9 }])('a lease with another %j is one', (change) => {
    bus.start('alpha')
    bus.lease('alpha')
    const discovery = discover(LOOKS_ONLY)
    discovery.poll()
    bus.lease('alpha', change)
    discovery.rescan()
    expect(discovery.poll()).toMatchObject([{ kind: 'restarted', changed: ['lease'] }])
  })

  it('a renewal is not one', () => {
    bus.start('alpha')
    bus.lease('alpha')
    const discovery = discover(LOOKS_ONLY)
    discovery.poll()
    for (let second = 1n; second < 4n; second++) {
      bus.lease('alpha', { timestampNs: second * 1_000_000_000n })
      expect(look(discovery)).toEqual([])
    }
  })

  it('one start is reported once, at every moment of a look', () => {
    bus.start('alpha')
    const discovery = discover(LOOKS_ONLY)
    discovery.poll()
    for (const epoch of [2, 3]) {
      const told: string[] = []
      bus.open('alpha', epoch)
      told.push(...look(discovery))
      bus.lease('alpha', { epoch, pid: 1000 + epoch })
      told.push(...look(discovery))
      bus.announce('alpha')
      told.push(...look(discovery), ...look(discovery))
      expect(told).toEqual(['restarted alpha'])
    }
  })

  it('a lease or control block that cannot be read for a moment is not one', () => {
    bus.start('alpha')
    const discovery = discover(LOOKS_ONLY)
    discovery.poll()
    const { lease, ordersOut } = bus.layout.strategy('alpha')
    writeFileSync(lease, '{"pid":')
    writeFileSync(join(ordersOut, 'control.meta'), '')
    expect(look(discovery)).toEqual([])
    bus.open('alpha')
    bus.lease('alpha', { epoch: 1, pid: 1001 })
    expect(look(discovery)).toEqual([])
  })
})

describe('trouble', () => {
  it('L39: one strategy that cannot be looked at is reported once and stops no other', () => {
    const problems: DiscoveryProblem[] = []
    bus.start('alpha')
    bus.start('omega')
    const discovery = discover({ ...LOOKS_ONLY, onProblem: (problem) => problems.push(problem) })
    expect(discovery.poll()).toHaveLength(2)
    bus.remove('alpha')
    symlinkSync(bus.layout.strategy('alpha').directory, bus.layout.strategy('alpha').directory)
    bus.start('beta')
    bus.withdraw('omega')
    expect(look(discovery)).toEqual(['added beta', 'removed omega'])
    expect(look(discovery)).toEqual([])
    expect(problems).toMatchObject([{ strategy: 'alpha', error: { code: 'ERR_LINK' } }])
    expect(discovery.strategies().map(({ strategy }) => strategy)).toEqual(['alpha', 'beta'])
    unlinkSync(bus.layout.strategy('alpha').directory)
    expect(look(discovery)).toEqual(['removed alpha'])
  })

  it('takes files in the place of directories, and directories in the place of markers, for absent', () => {
    mkdirSync(bus.layout.strategiesDirectory, { recursive: true })
    writeFileSync(join(bus.layout.strategiesDirectory, 'a-file'), '')
    mkdirSync(bus.layout.strategy('no-queue').directory)
    writeFileSync(bus.layout.strategy('no-queue').ordersOut, '')
    mkdirSync(bus.layout.strategy('odd').ready, { recursive: true })
    bus.start('fine')
    mkdirSync(join(bus.layout.strategy('fine-too').ordersOut, 'control.meta'), { recursive: true })
    mkdirSync(bus.layout.strategy('fine-too').lease)
    bus.announce('fine-too')
    const discovery = discover(LOOKS_ONLY)
    expect(discovery.poll().map(summary)).toEqual(['added fine', 'added fine-too'])
    expect(discovery.metrics().problems).toBe(0)
  })

  it('refuses an interval that no timer keeps', () => {
    for (const rescanIntervalMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      expect(() => discover({ rescanIntervalMs })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    }
  })
})

describe('the iterator', () => {
  it('delivers what is there and what comes, and ends when the signal aborts', async () => {
    bus.start('alpha')
    const discovery = discover(INOTIFY_ONLY)
    const controller = new AbortController()
    const told: string[] = []
    for await (const event of discovery.events({ signal: controller.signal })) {
      told.push(summary(event))
      if (event.strategy === 'alpha') bus.start('beta')
      if (event.strategy === 'beta') setTimeout(() => controller.abort(), 1)
    }
    expect(told).toEqual(['added alpha', 'added beta'])
  })

  it('ends at once when the signal was aborted before, and leaves the events for others', async () => {
    bus.start('alpha')
    const discovery = discover(LOOKS_ONLY)
    for await (const event of discovery.events({ signal: AbortSignal.abort() })) expect(event).toBeUndefined()
    expect(discovery.poll()).toHaveLength(1)
  })

  it('loses nothing when its consumer leaves in between', async () => {
    for (const name of ['alpha', 'beta', 'gamma']) bus.start(name)
    const discovery = discover(LOOKS_ONLY)
    for await (const event of discovery) {
      expect(summary(event)).toBe('added alpha')
      break
    }
    expect(discovery.poll().map(summary)).toEqual(['added beta', 'added gamma'])
  })

  it('gives each event to one of several consumers', async () => {
    const discovery = discover(RESCANS_ONLY)
    const controller = new AbortController()
    const told: string[] = []
    const consume = async () => {
      for await (const event of discovery.events({ signal: controller.signal })) told.push(summary(event))
    }
    const consumers = [consume(), consume(), consume()]
    for (let index = 0; index < 20; index++) bus.start(`s${index}`)
    await eventually(() => told.length >= 20, 'all were reported')
    controller.abort()
    await Promise.all(consumers)
    expect(new Set(told).size).toBe(20)
    expect(told).toHaveLength(20)
  })

  it('ends when the discovery is closed', async () => {
    const discovery = discover(LOOKS_ONLY)
    const next = discovery.events().next()
    discovery.close()
    expect(await next).toEqual({ done: true, value: undefined })
  })
})

describe('closing', () => {
  it('gives back every watch, may be repeated, and refuses further use', async () => {
    const before = countInotifyWatches()
    for (const name of ['alpha', 'beta']) bus.start(name)
    bus.open('gamma')
    const discovery = discover(INOTIFY_ONLY)
    await eventually(() => countInotifyWatches() >= before + 4, 'the watches were there')
    discovery.close()
    discovery.close()
    await discovery[Symbol.asyncDispose]()
    expect(countInotifyWatches()).toBe(before)
    expect(discovery.metrics().watches).toBe(0)
    expect(() => discovery.poll()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
    expect(() => discovery.rescan()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
    expect(discovery.strategies()).toEqual([])
  })

  it('is not needed for strategies that come and go: nothing of them is kept', async () => {
    const [watches, descriptors] = [countInotifyWatches(), countDescriptors(bus.layout.root)]
    mkdirSync(bus.layout.strategiesDirectory, { recursive: true })
    const discovery = discover(INOTIFY_ONLY)
    await settled(discovery)
    for (let round = 0; round < 30; round++) {
      for (let index = 0; index < 10; index++) bus.start(`s${round}-${index}`)
      await eventually(() => discovery.strategies().length === 10, 'all were there')
      for (let index = 0; index < 10; index++) bus.remove(`s${round}-${index}`)
      await eventually(() => discovery.metrics().directories === 0, 'all were gone')
    }
    expect(discovery.poll()).toHaveLength(600)
    await eventually(() => countInotifyWatches() === watches + 1, 'only the tree was watched')
    await settled(discovery)
    expect(discovery.metrics()).toMatchObject({ watches: 1, refusedWatches: 0, problems: 0, pendingEvents: 0 })
    discovery.close()
    // The process keeps one inotify descriptor for all watches.
    expect(countDescriptors(bus.layout.root)).toBeLessThanOrEqual(descriptors + 1)
  })

  it('may happen before the watches are set up', async () => {
    const before = countInotifyWatches()
    for (let index = 0; index < 20; index++) bus.start(`s${index}`)
    for (let turn = 0; turn < 20; turn++) {
      const discovery = discover(INOTIFY_ONLY)
      for (let waits = 0; waits < turn; waits++) await new Promise(setImmediate)
      discovery.close()
    }
    await eventually(() => countInotifyWatches() === before, 'no watch was left')
  })

  it('may happen from within a report', () => {
    bus.start('a')
    let discovery: RouterDiscovery | undefined
    discovery = discover({ ...LOOKS_ONLY, onProblem: () => discovery?.close() })
    mkdirSync(bus.layout.strategiesDirectory, { recursive: true })
    for (const name of ['b', 'c']) symlinkSync(bus.layout.strategy(name).directory, bus.layout.strategy(name).directory)
    discovery.rescan()
    expect(discovery.closed).toBe(true)
    expect(discovery.metrics()).toMatchObject({ problems: 1, watches: 0 })
  })
})

describe('a thousand strategies', () => {
  it('are all reported, with one watch each and none on their segments', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `s${String(index).padStart(4, '0')}`)
    for (const name of names.slice(0, 500)) bus.start(name)
    for (const name of names.slice(500)) bus.open(name)
    for (let id = 0; id < 50; id++) writeFileSync(join(bus.layout.strategy('s0700').ordersOut, `00000000${id}.q`), '')
    const discovery = discover(INOTIFY_ONLY)
    expect(discovery.poll().map(summary)).toEqual(names.slice(0, 500).map((name) => `added ${name}`))
    await eventually(() => countInotifyWatches() === 1001, 'every strategy was watched once')
    await settled(discovery)
    for (const name of names.slice(500)) bus.announce(name)
    const late = await collect(discovery, 500)
    expect(late.sort()).toEqual(names.slice(500).map((name) => `added ${name}`))
    await settled(discovery)
    for (const name of names) bus.withdraw(name)
    expect((await collect(discovery, 1000)).sort()).toEqual(names.map((name) => `removed ${name}`))
    await settled(discovery)
    expect(discovery.metrics()).toMatchObject({ strategies: 0, directories: 1000, watches: 1001, refusedWatches: 0, problems: 0 })
  })
})
