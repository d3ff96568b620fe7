import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ascii, decimal, enumOf, f64, list, matrix, message, timestampNs, u16, u32, utf8, vector } from '@chronicle-ts/schema'
import { openTypedReader, openTypedWriter } from '@chronicle-ts/typed'
import { beforeEach, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import { defineTopics, feed, openBus, ordersOut, queue } from '../../src/index.js'

/** The programs that the design of typed messages and topics was written from, as a user writes them. */

const Side = { buy: 0, sell: 1 } as const
const Quote = message('Quote', 1, {
  tsEvent: timestampNs(),
  price: decimal(9),
  instrumentId: u32(),
  side: enumOf(Side),
  bid: f64(),
  ask: f64(),
  symbol: ascii(8),
})
  .keyedBy('instrumentId')
  .since(2, { venue: u16() })
const Depth = message('Depth', 2, {
  tsEvent: timestampNs(),
  bids: list({ price: f64(), size: f64() }),
  weights: vector('f64'),
  cov: matrix('f64', 4, 4),
  note: utf8(),
})

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-samples-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
})

it('writes two types into one queue, and reads them with narrowing', async () => {
  const dir = join(root, 'queue')
  using writer = openTypedWriter(dir, [Quote, Depth], { segmentSize: 64 * 1024 })
  writer.write(Quote, (q) => {
    q.bid = 60123.5
    q.side = 'buy'
    q.price.set(60123_500000000n)
  })
  writer.write(Depth, { bids: 20, weights: 3, note: 40 }, (d) => {
    d.bids.at(0).price = 1
  })
  const seen: unknown[] = []
  const use = (...values: unknown[]) => seen.push(values)
  using reader = openTypedReader(dir, 'strategy', [Quote, Depth])
  for await (const m of reader.messages()) {
    if (m.type === 'Quote') {
      expectTypeOf(m.body.venue).toEqualTypeOf<number | undefined>()
      use(m.body.bid, m.body.venue, m.body.side, m.body.price.toString())
    } else {
      use(m.body.bids.at(0).price, m.body.bids.length, [...m.body.weights])
      break
    }
  }
  expect(seen).toEqual([
    [60123.5, undefined, 'buy', '60123.5'],
    [1, 20, [0, 0, 0]],
  ])
})

it('publishes and subscribes by topic, with types, key and predicate', async () => {
  const NewOrder = message('NewOrder', 10, { id: u32(), price: f64() })
  const Cancel = message('Cancel', 11, { id: u32() })
  const Entry = message('Entry', 20, { text: utf8() })
  const topics = defineTopics({
    quotes: feed('binance', [Quote, Depth]),
    orders: ordersOut('*', [NewOrder, Cancel]),
    audit: queue('audit/trail', [Entry]),
  })
  const SMALL = { writer: { segmentSize: 64 * 1024 } }
  using bus = openBus(root, topics)
  using out = bus.publisher('quotes', SMALL)
  for (const instrumentId of [5, 6, 7])
    out.write(Quote, (q) => {
      q.instrumentId = instrumentId
      q.bid = instrumentId
    })
  const traded: number[] = []
  for await (const m of bus.subscribe('quotes', {
    name: 'strategy',
    types: [Quote],
    where: (q) => q.bid > 0,
    key: new Set([5, 7]),
  })) {
    traded.push(m.body.instrumentId)
    if (traded.length === 2) break
  }
  expect(traded).toEqual([5, 7])

  using orders = bus.publisher('orders', { key: 'momentum', ...SMALL })
  orders.append(NewOrder, { id: 1, price: 2 })
  orders.append(Cancel, { id: 1 })
  const routed: unknown[] = []
  for await (const m of bus.subscribe('orders', { name: 'router', mode: 'ordered' })) {
    routed.push([m.key, m.type, m.body.id])
    if (routed.length === 2) break
  }
  expect(routed).toEqual([
    ['momentum', 'NewOrder', 1],
    ['momentum', 'Cancel', 1],
  ])
})
