import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LEASE_TEMPORARY_FILE } from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../test/support/eventually.js'
import { countDescriptors } from '../../test/support/inotify-watches.js'
import { temporaryFolder } from '../../test/support/temporary-bus.js'
import { RouterDiscovery } from '../discovery/router-discovery.js'
import { BusLayout } from '../layout/bus-layout.js'
import { readLease } from '../markers/lease.js'
import { ownIdentity } from '../markers/process-identity.js'
import { isReady } from '../markers/ready-marker.js'
import { openFeedReader, openFeedWriter } from './feed-endpoints.js'
import { openRouterEndpoints } from './router-endpoints.js'
import { openStrategyEndpoints, type StrategyEndpointsOptions } from './strategy-endpoints.js'

const SMALL = { segmentSize: 4096 }
const opened: Disposable[] = []
let layout: BusLayout

beforeEach(() => {
  layout = new BusLayout(join(temporaryFolder(), 'bus'))
})

afterEach(() => {
  for (const handle of opened.splice(0).reverse()) handle[Symbol.dispose]()
})

function kept<T extends Disposable>(handle: T): T {
  opened.push(handle)
  return handle
}

const strategy = (name: string, options: StrategyEndpointsOptions = {}) =>
  kept(openStrategyEndpoints(layout, name, { writer: SMALL, renewalIntervalMs: 0, ...options }))
const router = (name: string) => kept(openRouterEndpoints(layout, name, { writer: SMALL }))

describe('a strategy and its router', () => {
  it('exchange orders and answers', () => {
    const alpha = strategy('alpha')
    alpha.ordersOut.append(1, Buffer.from('buy'))
    expect(alpha.openOrdersIn()).toBeUndefined()
    const desk = router('alpha')
    expect(desk.ordersOut.next()?.payload.toString()).toBe('buy')
    desk.ordersIn.append(2, Buffer.from('filled'))
    expect(alpha.openOrdersIn()?.next()?.payload.toString()).toBe('filled')
    expect(alpha.openOrdersIn()).toBe(alpha.openOrdersIn())
  })

  it('go on where they had committed, whichever of them starts again', () => {
    const alpha = strategy('alpha')
    for (const order of ['a', 'b', 'c']) alpha.ordersOut.append(1, Buffer.from(order))
    const first = router('alpha')
    first.ordersOut.next()
    first.ordersOut.commit()
    first.ordersOut.next()
    first.close()
    alpha.close()
    strategy('alpha').ordersOut.append(1, Buffer.from('d'))
    const orders: string[] = []
    router('alpha').ordersOut.poll(10, (message) => orders.push(message.payload.toString()))
    expect(orders).toEqual(['b', 'c', 'd'])
  })

  it('wait for each other in either order', async () => {
    const alpha = strategy('alpha')
    const waiting = alpha.waitForOrdersIn()
    router('alpha').ordersIn.append(1, Buffer.from('hello'))
    expect((await waiting).next()?.payload.toString()).toBe('hello')
    expect(await alpha.waitForOrdersIn()).toBe(alpha.openOrdersIn())
    const beta = strategy('beta')
    await expect(beta.waitForOrdersIn({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('do not wait on when they are closed', async () => {
    const alpha = strategy('alpha')
    const { signal } = new AbortController()
    const waits = [alpha.waitForOrdersIn(), alpha.waitForOrdersIn({ signal })]
    alpha.close()
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })
})

describe('the marks of a strategy', () => {
  it('L30: are written at markReady, and name the process', () => {
    const alpha = strategy('alpha')
    const { ordersOut } = alpha.paths
    expect([isReady(ordersOut), readLease(ordersOut).kind, alpha.isReady]).toEqual([false, 'absent', false])
    alpha.markReady()
    expect([isReady(ordersOut), alpha.isReady]).toEqual([true, true])
    expect(readLease(ordersOut)).toMatchObject({ kind: 'lease', lease: { ...ownIdentity(), epoch: 1, closed: false } })
  })

  it('are renewed on request, and not before the strategy is ready', () => {
    const alpha = strategy('alpha')
    alpha.renewLease()
    expect(readLease(alpha.paths.ordersOut).kind).toBe('absent')
    alpha.markReady()
    const before = readLease(alpha.paths.ordersOut)
    alpha.renewLease()
    expect(readLease(alpha.paths.ordersOut)).not.toEqual(before)
  })

  it('are renewed by themselves', async () => {
    const alpha = strategy('alpha', { renewalIntervalMs: 1 })
    alpha.markReady()
    const before = readLease(alpha.paths.ordersOut)
    const isRenewed = () => JSON.stringify(readLease(alpha.paths.ordersOut), text) !== JSON.stringify(before, text)
    await eventually(isRenewed, 'it was renewed')
  })

  it('are not renewed any more when the queue was closed without them', async () => {
    const errors: unknown[] = []
    const alpha = strategy('alpha', { renewalIntervalMs: 1, onRenewalError: (error) => errors.push(error) })
    alpha.markReady()
    alpha.ordersOut.close()
    await delay(30)
    expect(errors).toEqual([])
  })

  it('are taken back at close, with a last LEASE record', () => {
    const alpha = strategy('alpha')
    alpha.markReady()
    alpha.close()
    expect(isReady(alpha.paths.ordersOut)).toBe(false)
    expect(readLease(alpha.paths.ordersOut)).toMatchObject({ kind: 'lease', lease: { epoch: 1, closed: true } })
  })

  it('are taken back although the last LEASE record cannot be written', () => {
    const alpha = strategy('alpha')
    alpha.markReady()
    mkdirSync(join(alpha.paths.ordersOut, LEASE_TEMPORARY_FILE))
    expect(() => alpha.close()).toThrowError(expect.objectContaining({ code: 'ERR_IO' }))
    expect([isReady(alpha.paths.ordersOut), alpha.closed]).toEqual([false, true])
  })

  it('replace those of a predecessor that was killed, and a discovery reports one start', () => {
    layout.createStrategy('alpha')
    const { ready, lease } = layout.strategy('alpha')
    writeFileSync(ready, '')
    writeFileSync(lease, '{"pid":1')
    using discovery = new RouterDiscovery(layout, { watch: false })
    expect(discovery.poll()).toHaveLength(1)
    strategy('alpha').markReady()
    discovery.rescan()
    expect(discovery.poll()).toMatchObject([{ kind: 'restarted', strategy: 'alpha', incarnation: { epoch: 1 } }])
  })
})

describe('opening and closing', () => {
  it('a strategy runs once at a time', () => {
    strategy('alpha').markReady()
    expect(() => strategy('alpha')).toThrow(expect.objectContaining({ code: 'ERR_WRITER_ACTIVE' }))
    expect(isReady(layout.strategy('alpha').ordersOut)).toBe(true)
  })

  it('a router cannot serve a strategy that has no queue, or has a router', () => {
    expect(() => router('alpha')).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }))
    expect(existsSync(layout.root)).toBe(false)
    strategy('alpha')
    router('alpha')
    expect(() => router('alpha')).toThrow(expect.objectContaining({ code: 'ERR_READER_ACTIVE' }))
  })

  it('refuses names that are paths and intervals that no timer keeps, and leaves nothing open', () => {
    const before = countDescriptors(layout.root)
    expect(() => strategy('../x')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    expect(() => router('..')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    expect(() => strategy('alpha', { renewalIntervalMs: -1 })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    strategy('alpha').close()
    expect(countDescriptors(layout.root)).toBe(before)
  })

  it('is over after close, which may be repeated', async () => {
    const before = countDescriptors(layout.root)
    const alpha = strategy('alpha')
    alpha.markReady()
    const desk = router('alpha')
    alpha.openOrdersIn()
    alpha.close()
    alpha.close()
    await alpha[Symbol.asyncDispose]()
    desk.close()
    desk.close()
    await desk[Symbol.asyncDispose]()
    expect([alpha.closed, desk.closed]).toEqual([true, true])
    for (const use of [() => alpha.markReady(), () => alpha.renewLease(), () => alpha.openOrdersIn()]) {
      expect(use).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
    }
    await expect(alpha.waitForOrdersIn()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    expect(countDescriptors(layout.root)).toBe(before)
  })
})

describe('feeds', () => {
  it('are written by one and read by name', () => {
    using feed = openFeedWriter(layout, 'nyse', SMALL)
    feed.append(1, Buffer.from('tick'))
    using reader = openFeedReader(layout.root, 'nyse', 'alpha')
    expect(reader.next()?.payload.toString()).toBe('tick')
    expect(layout.feeds()).toEqual(['nyse'])
    expect(() => openFeedReader(layout, 'nasdaq', 'alpha')).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }))
  })
})

const text = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
