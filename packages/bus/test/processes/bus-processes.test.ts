import { describe, expect, it } from 'vitest'
import { RouterDiscovery } from '../../src/discovery/router-discovery.js'
import { openRouterEndpoints, type RouterEndpoints } from '../../src/endpoints/router-endpoints.js'
import { openStrategyEndpoints } from '../../src/endpoints/strategy-endpoints.js'
import { OwnerProbe } from '../../src/markers/owner-probe.js'
import { Child } from '../support/child.js'
import { FOREIGN_PIDS, INOTIFY_LIMITS, type InotifyLimit } from '../support/conditions.js'
import { eventually } from '../support/eventually.js'
import { TemporaryBus } from '../support/temporary-bus.js'

const ORDERS = 200

function drain(endpoints: RouterEndpoints): string[] {
  const orders: string[] = []
  endpoints.ordersOut.poll(Number.POSITIVE_INFINITY, (message) => orders.push(message.payload.toString()))
  endpoints.ordersOut.commit()
  return orders
}

describe('a router and strategies in processes of their own', () => {
  it('L29, L38: a killed strategy stays, its next start is a restart, its end a removal, and no order is lost', async () => {
    const bus = new TemporaryBus()
    using discovery = new RouterDiscovery(bus.layout)
    const events = discovery.events()
    const { ordersOut } = bus.layout.strategy('alpha')
    const probe = new OwnerProbe(ordersOut)

    const first = new Child('strategy.mjs', [bus.layout.root, 'alpha', String(ORDERS)])
    const added = (await events.next()).value
    expect(added).toMatchObject({
      kind: 'added',
      strategy: 'alpha',
      incarnation: { epoch: 1, lease: { pid: first.pid, epoch: 1 } },
    })
    expect(await first.hear()).toEqual({ pid: first.pid, epoch: 1 })
    expect(probe.look()).toMatchObject({ state: 'alive', reason: 'lock-held', pid: first.pid })
    using endpoints = openRouterEndpoints(bus.layout, 'alpha', { writer: { segmentSize: 4096 } })
    const orders = drain(endpoints)

    await first.kill()
    expect(probe.look()).toMatchObject({ state: 'dead', reason: 'lock-free' })
    discovery.rescan()
    expect(discovery.strategies()).toHaveLength(1)

    const second = new Child('strategy.mjs', [bus.layout.root, 'alpha', String(ORDERS)])
    const restarted = (await events.next()).value
    expect(restarted).toMatchObject({ kind: 'restarted', strategy: 'alpha', incarnation: { epoch: 2 } })
    expect(await second.hear()).toEqual({ pid: second.pid, epoch: 2 })
    expect(probe.look()).toMatchObject({ state: 'alive', reason: 'lock-held', pid: second.pid })

    await second.stop()
    expect((await events.next()).value).toEqual({ kind: 'removed', strategy: 'alpha', reason: 'ready-gone' })
    expect(probe.look()).toMatchObject({ state: 'dead', reason: 'lock-free', lease: { kind: 'lease', lease: { closed: true } } })
    orders.push(...drain(endpoints))
    const once = Array.from({ length: ORDERS }, (_, order) => `alpha ${order}`)
    expect(orders).toEqual([...once, ...once])
    discovery.rescan()
    expect(discovery.poll()).toEqual([])
  })

  it('L30: the lease is renewed while the strategy runs, and one that is killed renews it no more', async () => {
    const bus = new TemporaryBus()
    const child = new Child('strategy.mjs', [bus.layout.root, 'alpha', '0'])
    await child.hear()
    const probe = new OwnerProbe(bus.layout.strategy('alpha').ordersOut)
    const timeOf = () => {
      const { lease } = probe.look()
      return lease.kind === 'lease' ? lease.lease.timestampNs : -1n
    }
    const begun = timeOf()
    await eventually(() => timeOf() > begun, 'it was renewed')
    await child.kill()
    const last = timeOf()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(timeOf()).toBe(last)
  })

  it.each(FOREIGN_PIDS)(
    'L33: a strategy whose pid means nothing here ($by) is alive while it holds the lock, and dead after it',
    async ({ pid, wrapper }) => {
      const bus = new TemporaryBus()
      const child = new Child('strategy.mjs', [bus.layout.root, 'alpha', '0'], wrapper)
      expect(await child.hear()).toMatchObject({ pid })
      const probe = new OwnerProbe(bus.layout.strategy('alpha').ordersOut)
      expect(probe.look()).toMatchObject({ state: 'alive', reason: 'lock-held', lease: { lease: { pid } } })
      expect(() => openStrategyEndpoints(bus.layout, 'alpha')).toThrow(expect.objectContaining({ code: 'ERR_WRITER_ACTIVE' }))
      await child.kill()
      await eventually(() => probe.look().state === 'dead', 'its lock was free')
      expect(probe.look().reason).toBe('lock-free')
    },
  )

  it('discoveries without a caller that waits do not keep their process alive', async () => {
    const bus = new TemporaryBus()
    bus.start('alpha')
    const child = new Child('forgetful-router.mjs', [bus.layout.root])
    expect(await child.hear()).toEqual(['alpha'])
    expect(await child.end()).toBe(0)
  })

  it('a discovery that a caller waits for keeps its process alive', async () => {
    const bus = new TemporaryBus()
    const child = new Child('watching-router.mjs', [bus.layout.root])
    for (const name of ['alpha', 'beta']) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      bus.start(name)
      expect(await child.hear()).toBe(`added ${name}`)
    }
  })
})

describe.each(INOTIFY_LIMITS)('a router under an inotify limit of 0, set by $by', ({ limitTo0 }) => {
  it.each([
    ['watches', 'max_inotify_watches', 'fs.inotify.max_user_watches'],
    ['instances', 'max_inotify_instances', 'fs.inotify.max_user_instances'],
  ])('where the system gives no inotify %s, strategies are seen by rescans and the limit is named', async (_, limit, name) => {
    const bus = new TemporaryBus()
    const router = new Router(bus, limitTo0(limit))
    await router.until(({ refusedWatches }) => refusedWatches === 1, 'the watch on the tree was refused')
    bus.start('alpha')
    await router.until(({ strategies }) => strategies.join() === 'alpha', 'alpha was seen')
    bus.start('beta')
    bus.remove('alpha')
    const { problems } = await router.until(
      ({ strategies, watches }) => strategies.join() === 'beta' && watches === 0,
      'beta was seen',
    )
    expect(problems).toEqual([`ERR_LIMIT ${name}`])
  })

  it('a refused limit is one problem for any number of strategies, and watches are set up when it is raised', async () => {
    const bus = new TemporaryBus()
    for (let index = 0; index < 20; index++) bus.start(`s${index}`)
    const router = new Router(bus, limitTo0('max_inotify_watches'))
    await router.until(({ refusedWatches }) => refusedWatches === 21, 'all were refused')
    await router.raise()
    const state = await router.until(({ watches }) => watches === 21, 'all were watched')
    expect(state).toMatchObject({ refusedWatches: 0, problems: ['ERR_LIMIT fs.inotify.max_user_watches'] })
  })
})

interface RouterState {
  readonly strategies: readonly string[]
  readonly watches: number
  readonly refusedWatches: number
  readonly problems: readonly string[]
}

/** A router under an inotify limit of its own, until it is raised. */
class Router {
  readonly #child: Child

  constructor(bus: TemporaryBus, { file, wrapper }: InotifyLimit) {
    this.#child = new Child('limited-router.mjs', [bus.layout.root, file, '1000'], wrapper)
  }

  /** Asks until what it answers fits. */
  async until(fits: (state: RouterState) => boolean, what: string): Promise<RouterState> {
    const states: RouterState[] = []
    const ask = async () => {
      const state = (await this.#child.ask('state')) as RouterState
      states.push(state)
      return fits(state)
    }
    await eventually(ask, what)
    return states.at(-1) as RouterState
  }

  async raise(): Promise<void> {
    await this.#child.ask('raise')
  }
}
