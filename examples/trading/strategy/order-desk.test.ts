import { openWriter } from '@chronicle-ts/core'
import { openTypedWriter } from '@chronicle-ts/typed'
import { beforeEach, expect, it } from 'vitest'
import { encodeOrder } from '../../test/example-order.js'
import { messagesOf, temporaryFolder } from '../../test/queue-fixtures.js'
import { decodeOrder, type Order } from '../checked-order.js'
import { NewOrder } from '../order-messages.js'
import type { Decision } from './market-view.js'
import { OrderDesk } from './order-desk.js'
import { readOrderHistory } from './order-history.js'

let directory: string
beforeEach(() => {
  directory = temporaryFolder()
})

const decision = (venue: string): Decision => ({ venue, symbol: 'X', side: 'buy', kind: 'take', price: 1, quantity: 1 })

/** Opens the strategy's queue as a newly started strategy does, places decisions, and is gone without a report. */
function live(decisions: readonly (readonly [venue: string, marketSequence: number])[]): OrderDesk {
  using ordersOut = openTypedWriter(directory, [NewOrder], { segmentSize: 4096 })
  const desk = new OrderDesk('alpha', ordersOut, readOrderHistory(directory))
  for (const [venue, sequence] of decisions) desk.place(decision(venue), { sequence, timestampNs: BigInt(sequence) * 10n })
  return desk
}

function sentOrders(): Order[] {
  return messagesOf(directory, ({ typeId, payload }) => decodeOrder(typeId, payload))
}

it('makes one order of a decision, also when a restart brings it again', () => {
  live([
    ['a', 3],
    ['b', 1],
    ['a', 7],
  ])
  // The position of a was saved before 3 and that of b before 1: everything comes again, and more.
  const second = live([
    ['a', 3],
    ['a', 7],
    ['b', 1],
    ['b', 2],
    ['a', 9],
  ])
  expect(second.repeats).toBe(3)
  // The time of an order is that of the market data.
  expect(sentOrders().map(({ orderId, venue, marketSequence, sentNs }) => [orderId, venue, marketSequence, sentNs])).toEqual([
    [1, 'a', 3, 30n],
    [2, 'b', 1, 10n],
    [3, 'a', 7, 70n],
    [4, 'b', 2, 20n],
    [5, 'a', 9, 90n],
  ])
})

it('never gives an order id twice over many lives', () => {
  for (let life = 0; life < 60; life++) live([['a', life]])
  expect(sentOrders().map(({ orderId }) => orderId)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
})

it('reads its history over all segments', () => {
  {
    using ordersOut = openWriter(directory, { segmentSize: 4096 })
    for (let orderId = 1; orderId <= 100; orderId++) {
      const order: Order = {
        ...decision(orderId % 2 === 0 ? 'a' : 'b'),
        orderId,
        marketSequence: orderId,
        strategy: 'alpha',
        sentNs: 0n,
      }
      const { typeId, payload } = encodeOrder(order)
      ordersOut.append(typeId, payload)
    }
  }
  const history = readOrderHistory(directory)
  expect(history.lastOrderId).toBe(100)
  expect([...history.lastMarketSequences]).toEqual([
    ['b', 99],
    ['a', 100],
  ])
})
