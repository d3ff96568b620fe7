import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BusLayout, openStrategyEndpoints } from '@chronicle-ts/bus'
import { openObserver } from '@chronicle-ts/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { encodeOrder } from '../trading/order-codec.js'
import { Router } from './router.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'router-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function sendOrders(ordersOut: { append(typeId: number, payload: Buffer): number }, count: number): void {
  for (let orderId = 1; orderId <= count; orderId++) {
    const { typeId, payload } = encodeOrder({
      orderId,
      kind: 'take',
      sentNs: 5n,
      marketSequence: orderId,
      price: 2,
      quantity: 3,
      side: 'buy',
      strategy: 'alpha',
      venue: 'v',
      symbol: 'X',
    })
    ordersOut.append(typeId, payload)
  }
}

const COUNT = 20_000

it('goes on with the others when the answers to one strategy have no place to go', () => {
  const layout = new BusLayout(join(root, 'bus'))
  const problems: string[] = []
  const router = new Router(layout, (strategy) => problems.push(strategy))
  using alpha = openStrategyEndpoints(layout, 'alpha', { writer: { segmentSize: 16 * 1024 * 1024 } })
  using beta = openStrategyEndpoints(layout, 'beta', { writer: { segmentSize: 16 * 1024 * 1024 } })
  for (const name of ['alpha', 'beta']) router.attach(name)
  // Its queue of answers can be written to the end of what is mapped, and then there is no directory for the next segment.
  const away = join(root, 'away')
  renameSync(layout.strategy('alpha').directory, away)
  for (const { ordersOut } of [alpha, beta]) sendOrders(ordersOut, COUNT)
  while (router.read(256) > 0);
  expect(problems).toEqual(['alpha'])
  expect(router.state).toMatchObject({ strategies: 1, gaps: 0 })
  expect(countMessages(layout.strategy('beta').ordersIn)).toBe(COUNT)

  // Where it was, it is served again, from the first order without an answer.
  renameSync(away, layout.strategy('alpha').directory)
  router.attach('alpha')
  while (router.read(256) > 0);
  expect(countMessages(layout.strategy('alpha').ordersIn)).toBe(COUNT)
  expect(router.state).toMatchObject({ strategies: 2, orders: 2 * COUNT, gaps: 0 })
  for (const name of ['alpha', 'beta']) router.detach(name)
  expect(problems).toEqual(['alpha'])
  router.close()
})

function countMessages(directory: string): number {
  using answers = openObserver(directory, { start: 'earliest' })
  let count = 0
  while (answers.next() !== undefined) count++
  return count
}
