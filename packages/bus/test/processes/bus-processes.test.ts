import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { RouterDiscovery } from '../../src/discovery/router-discovery.js'
import { openRouterEndpoints, type RouterEndpoints } from '../../src/endpoints/router-endpoints.js'
import { openStrategyEndpoints } from '../../src/endpoints/strategy-endpoints.js'
import { OwnerProbe } from '../../src/markers/owner-probe.js'
import { Child } from '../support/child.js'
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

  it('L33: a strategy in another pid namespace is alive while it holds the lock, whatever its pid means here, and dead after it', async () => {
    const bus = new TemporaryBus()
    const child = new Child('strategy.mjs', [bus.layout.root, 'alpha', '0'], OTHER_PID_NAMESPACE)
    const { pid } = (await child.hear()) as { pid: number }
    expect(pid).toBeLessThan(10)
    const probe = new OwnerProbe(bus.layout.strategy('alpha').ordersOut)
    expect(probe.look()).toMatchObject({ state: 'alive', reason: 'lock-held', lease: { lease: { pid } } })
    expect(() => openStrategyEndpoints(bus.layout, 'alpha')).toThrow(expect.objectContaining({ code: 'ERR_WRITER_ACTIVE' }))
    await child.kill()
    await eventually(() => probe.look().state === 'dead', 'its lock was free')
    expect(probe.look().reason).toBe('lock-free')
  })

  it('discoveries that nobody waits for do not keep their process alive', async () => {
    const bus = new TemporaryBus()
    bus.start('alpha')
    const child = new Child('forgetful-router.mjs', [bus.layout.root])
    expect(await child.hear()).toEqual(['alpha'])
    expect(await child.end()).toBe(0)
  })

  it('a discovery that somebody waits for keeps its process alive', async () => {
    const bus = new TemporaryBus()
    const child = new Child('watching-router.mjs', [bus.layout.root])
    for (const name of ['alpha', 'beta']) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      bus.start(name)
      expect(await child.hear()).toMatchObject({ event: `added ${name}`, refused: false, problems: [] })
    }
  })

  it.each([
    ['watches', 'max_inotify_watches', 'fs.inotify.max_user_watches'],
    ['instances', 'max_inotify_instances', 'fs.inotify.max_user_instances'],
  ])('where the system gives no inotify %s, strategies are seen by rescans and the limit is named', async (_, limit, name) => {
    const bus = new TemporaryBus()
    bus.open('alpha')
    const child = new Child('watching-router.mjs', [bus.layout.root], withLimit(limit))
    bus.announce('alpha')
    expect(await child.hear()).toMatchObject({ event: 'added alpha' })
    bus.start('beta')
    expect(await child.hear()).toEqual({ event: 'added beta', refused: true, problems: [`ERR_LIMIT ${name}`] })
    bus.remove('alpha')
    expect(await child.hear()).toMatchObject({ event: 'removed alpha', refused: true })
  })
})

const OTHER_PID_NAMESPACE = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child']

/** Runs a command in a user namespace of its own, where the limit is 0 and nobody else is hurt. */
function withLimit(limit: string): string[] {
  const script = `echo 0 > /proc/sys/user/${limit} && exec "$@"`
  execFileSync('unshare', ['--user', '--map-root-user', 'sh', '-c', script, 'sh', 'true'])
  return ['unshare', '--user', '--map-root-user', 'sh', '-c', script, 'sh']
}
