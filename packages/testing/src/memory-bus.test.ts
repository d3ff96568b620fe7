import { existsSync } from 'node:fs'
import { RouterDiscovery } from '@chronicle-ts/bus'
import { expect, it } from 'vitest'
import { memoryBus } from './index.js'

it('lets ends find each other, and deletes everything', () => {
  const bus = memoryBus()
  const strategy = bus.strategy('momentum')
  using discovery = new RouterDiscovery(bus.root)
  expect(discovery.poll()).toMatchObject([{ kind: 'added', strategy: 'momentum' }])
  const router = bus.router('momentum')
  strategy.ordersOut.append(1, Buffer.from('buy'))
  expect(router.ordersOut.next()?.payload.toString()).toBe('buy')
  router.ordersIn.append(2, Buffer.from('filled'))
  expect(strategy.openOrdersIn()?.next()?.payload.toString()).toBe('filled')
  bus.feedWriter('trades').append(3, Buffer.from('trade'))
  expect(bus.feedReader('trades').next()?.typeId).toBe(3)
  bus.close()
  bus.close()
  expect([strategy.closed, existsSync(bus.root)]).toEqual([true, false])
})
