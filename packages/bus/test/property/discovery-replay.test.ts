import { existsSync, renameSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import type { DiscoveryEvent, Incarnation } from '../../src/discovery/discovery-event.js'
import { RouterDiscovery } from '../../src/discovery/router-discovery.js'
import { isReady } from '../../src/markers/ready-marker.js'
import { readWriterEpoch } from '../../src/queue/writer-epoch.js'
import { eventually } from '../support/eventually.js'
import { TemporaryBus } from '../support/temporary-bus.js'

const NAMES = ['alpha', 'beta', 'gamma'] as const
const OPERATIONS = [
  'start',
  'stop',
  'open',
  'announce',
  'withdraw',
  'lease',
  'renameAway',
  'renameBack',
  'remove',
  'removeTree',
] as const

interface Step {
  readonly operation: (typeof OPERATIONS)[number]
  readonly name: (typeof NAMES)[number]
  /** What the router does after it: nothing, looks, takes events, or both; or lets the event loop turn. */
  readonly afterwards: 'nothing' | 'look' | 'take' | 'check' | 'turn'
}

const steps = fc.array(
  fc.record<Step>({
    operation: fc.constantFrom(...OPERATIONS),
    name: fc.constantFrom(...NAMES),
    afterwards: fc.constantFrom('nothing', 'nothing', 'look', 'take', 'check', 'turn'),
  }),
  { maxLength: 40 },
)

/** A bus on which operations are carried out wherever they are possible. */
class Playground {
  readonly bus = new TemporaryBus()
  #epoch = 0

  carryOut({ operation, name }: Step): void {
    const { directory, ordersOut } = this.bus.layout.strategy(name)
    const away = `${this.bus.folder}/${name}.away`
    if (operation === 'start' || operation === 'open') this.bus[operation](name, ++this.#epoch)
    if (operation === 'announce') this.bus.announce(name)
    if (operation === 'remove') this.bus.remove(name)
    if (operation === 'removeTree') for (const each of NAMES) this.bus.remove(each)
    if (operation === 'renameAway' && existsSync(directory) && !existsSync(away)) renameSync(directory, away)
    if (
      operation === 'renameBack' &&
      existsSync(away) &&
      !existsSync(directory) &&
      existsSync(this.bus.layout.strategiesDirectory)
    ) {
      renameSync(away, directory)
    }
    if (!existsSync(ordersOut)) return
    if (operation === 'stop') this.bus.stop(name, this.#epoch)
    if (operation === 'withdraw') this.bus.withdraw(name)
    if (operation === 'lease') this.bus.lease(name, { pid: 1 + this.#epoch, epoch: this.#epoch })
  }

  announced(): string[] {
    return NAMES.filter((name) => isReady(this.bus.layout.strategy(name).ordersOut))
  }

  epochOf(name: string): number | undefined {
    return readWriterEpoch(this.bus.layout.strategy(name).ordersOut)
  }
}

/** What a router knows from events alone. Refuses an event that does not follow from those before it. */
class Replay {
  readonly known = new Map<string, Incarnation>()

  take(event: DiscoveryEvent): void {
    expect([event.kind, this.known.has(event.strategy)]).toEqual([event.kind, event.kind !== 'added'])
    if (event.kind === 'removed') this.known.delete(event.strategy)
    else if (event.kind !== 'left') this.known.set(event.strategy, event.incarnation)
  }

  names(): string[] {
    return [...this.known.keys()].sort()
  }

  /** No strategy restarted without a report. */
  expectEpochs(playground: Playground): void {
    for (const [name, { epoch }] of this.known) {
      const now = playground.epochOf(name)
      if (epoch !== undefined && now !== undefined) expect([name, epoch]).toEqual([name, now])
    }
  }
}

const isSorted = (events: readonly DiscoveryEvent[]) =>
  events.every(({ strategy }, index) => strategy >= (events[index - 1]?.strategy ?? ''))

describe('events replayed', () => {
  it('lead to exactly what is there at every check, when a router looks and takes as it likes', () => {
    const holds = fc.property(steps, (moves) => {
      const playground = new Playground()
      const replay = new Replay()
      using discovery = new RouterDiscovery(playground.bus.layout, { watch: false, rescanIntervalMs: 2 ** 31 - 1 })
      const take = () => {
        const events = discovery.poll()
        expect(isSorted(events)).toBe(true)
        for (const event of events) replay.take(event)
      }
      for (const move of [...moves, { operation: 'withdraw', name: 'alpha', afterwards: 'check' } as const]) {
        playground.carryOut(move)
        if (move.afterwards === 'look' || move.afterwards === 'check') discovery.rescan()
        if (move.afterwards === 'take' || move.afterwards === 'check') take()
        if (move.afterwards !== 'check') continue
        expect(replay.names()).toEqual(playground.announced())
        replay.expectEpochs(playground)
        discovery.rescan()
        expect(discovery.poll()).toEqual([])
      }
    })
    fc.assert(holds, { numRuns: amount({ short: 75, long: 300 }) })
  })

  it('lead to exactly what is there in the end, when inotify and rescans look and an iterator takes', async () => {
    const holds = fc.asyncProperty(steps, async (moves) => {
      const playground = new Playground()
      const replay = new Replay()
      const discovery = new RouterDiscovery(playground.bus.layout, { rescanIntervalMs: 5 })
      const consuming = (async () => {
        for await (const event of discovery) replay.take(event)
      })()
      for (const move of moves) {
        playground.carryOut(move)
        if (move.afterwards === 'look' || move.afterwards === 'take') await new Promise(setImmediate)
        if (move.afterwards === 'turn' || move.afterwards === 'check') await delay(3)
      }
      await eventually(() => replay.names().join() === playground.announced().join(), 'the router knew what was there')
      discovery.rescan()
      await delay(1)
      expect(replay.names()).toEqual(playground.announced())
      replay.expectEpochs(playground)
      discovery.close()
      await consuming
    })
    await fc.assert(holds, { numRuns: amount({ short: 15, long: 60 }) })
  })
})
