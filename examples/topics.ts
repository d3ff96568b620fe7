/**
 * Typed topics: a feed publishes quotes of many instruments. Two strategies subscribe to the ones that they trade, each with a predicate, and send orders. A router reads the
 * orders of all strategies in the order of their times.
 *
 *     node examples/dist/topics.js [quotes]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ascii, enumOf, f64, message, u32 } from '@chronicle-ts/schema'
import { defineTopics, feed, openBus, ordersOut, type TopicBus } from '@chronicle-ts/topics'

const Quote = message('Quote', 1, { instrumentId: u32(), bid: f64(), ask: f64(), symbol: ascii(8) }).keyedBy('instrumentId')
const NewOrder = message('NewOrder', 10, { quoteSequence: u32(), side: enumOf({ buy: 0, sell: 1 }), price: f64() })

export const topics = defineTopics({
  quotes: feed('exchange', [Quote]),
  orders: ordersOut('*', [NewOrder]),
})

type Bus = TopicBus<typeof topics>

const INSTRUMENTS = 10
const SMALL = { segmentSize: 256 * 1024 }

/** Publishes quotes whose prices go up and down. */
export function publishQuotes(bus: Bus, count: number): void {
  using out = bus.publisher('quotes', { writer: SMALL })
  for (let index = 0; index < count; index++) {
    out.write(Quote, (quote) => {
      quote.instrumentId = index % INSTRUMENTS
      quote.bid = 100 + (index % 7)
      quote.ask = quote.bid + 1
      quote.symbol = `SYM-${quote.instrumentId}`
    })
  }
}

/** Buys the instruments that it trades when they are cheap. Returns how many quotes it looked at and skipped. */
export function trade(bus: Bus, strategy: string, instruments: ReadonlySet<number>): { orders: number; skipped: number } {
  using quotes = bus.subscribe('quotes', { name: strategy, key: instruments, where: (quote) => quote.ask < 103 })
  using orders = bus.publisher('orders', { key: strategy, writer: SMALL })
  let count = 0
  for (let quote = quotes.next(); quote !== undefined; quote = quotes.next(), count++) {
    const { sequence, body } = quote
    orders.append(NewOrder, { quoteSequence: sequence, side: 'buy', price: body.ask })
  }
  // Covers what was skipped, too.
  quotes.commit()
  return { orders: count, skipped: quotes.skipped.byType.get(Quote.typeId) ?? 0 }
}

/** Takes the orders of all strategies, in the order of their times. */
export async function route(bus: Bus, expected: number): Promise<Map<string, number>> {
  const perStrategy = new Map<string, number>()
  let count = 0
  for await (const order of bus.subscribe('orders', { name: 'router', mode: 'ordered', commit: 'each' })) {
    perStrategy.set(order.key, (perStrategy.get(order.key) ?? 0) + 1)
    if (++count === expected) break
  }
  return perStrategy
}

async function main(count: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'chronicle-topics-'))
  try {
    using bus = openBus(root, topics)
    publishQuotes(bus, count)
    const momentum = trade(bus, 'momentum', new Set([1, 2, 3]))
    const meanReversion = trade(bus, 'mean-reversion', new Set([5]))
    console.log(`momentum:       ${momentum.orders} orders, ${momentum.skipped} quotes skipped`)
    console.log(`mean-reversion: ${meanReversion.orders} orders, ${meanReversion.skipped} quotes skipped`)
    const routed = await route(bus, momentum.orders + meanReversion.orders)
    for (const [strategy, orders] of [...routed].sort()) console.log(`router: ${orders} orders of ${strategy}`)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) await main(Number(process.argv[2] ?? 10_000))
