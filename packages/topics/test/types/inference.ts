import { ascii, type BodyOf, enumOf, f64, jsonMessage, list, message, u16, u32, utf8 } from '@chronicle-ts/schema'
import { defineTopics, feed, openBus, ordersOut, queue } from '@chronicle-ts/topics'
import { asTypedReader, openTypedObserver, openTypedReader, openTypedWriter } from '@chronicle-ts/typed'

/*
 * Compiled, never run: every line that should be refused must be, or the compiler complains about the directive above it.
 */

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const expectTrue = <_T extends true>(): void => undefined

export const Quote = message('Quote', 1, { instrumentId: u32(), bid: f64(), side: enumOf({ buy: 0, sell: 1 }), symbol: ascii(8) })
  .keyedBy('instrumentId')
  .since(2, { venue: u16() })
export const Depth = message('Depth', 2, { bids: list({ price: f64() }), note: utf8() })
export const Note = jsonMessage('Note', 3, { check: (value) => value as { text: string } })

// Writing: the fill gets the fields of the type, sizes those of its variable parts.
const writer = openTypedWriter('queue', [Quote, Depth, Note])
writer.write(Quote, (q) => {
  q.bid = 1
  q.side = 'buy'
  // @ts-expect-error not a member of the enum
  q.side = 'bought'
  // @ts-expect-error a name that the schema does not have
  q.bidd = 1
})
writer.write(Depth, { bids: 20, note: 40 }, (d) => {
  d.bids.at(0).price = 1
})
// @ts-expect-error note is a text, which has a room
writer.write(Depth, { note: 'x' }, () => undefined)
// @ts-expect-error the message is published when fill returns
writer.write(Quote, async () => undefined)
// @ts-expect-error messages that describe themselves are appended
writer.write(Note, () => undefined)
// @ts-expect-error the writer was not opened with this type
writer.append(message('Other', 9, { x: u16() }), { x: 1 })
writer.append(Note, { text: 'x' }, { timestampNs: 5n })
// @ts-expect-error text is missing
writer.append(Note, {})
// @ts-expect-error the version is the type's
writer.append(Quote, { instrumentId: 1, bid: 1, side: 'buy', symbol: 'x' }, { schemaVersion: 3 })

// Reading: the type narrows the body and the plain value.
const reader = openTypedReader('queue', 'strategy', [Quote, Depth, Note], { start: 'latest' })
const m = reader.next()
if (m?.type === 'Quote') {
  expectTrue<Equal<typeof m.body, BodyOf<typeof Quote>>>()
  expectTrue<Equal<typeof m.body.venue, number | undefined>>()
  expectTrue<Equal<ReturnType<typeof m.value>['side'], 'buy' | 'sell'>>()
} else if (m?.type === 'Depth') {
  expectTrue<Equal<ReturnType<typeof m.body.bids.at>['price'], number>>()
  // @ts-expect-error Depth has no bid
  m.body.bid
} else if (m !== undefined) {
  expectTrue<Equal<typeof m.body, { text: string }>>()
}
// @ts-expect-error not one of the types
if (m?.type === 'Trade') m
// @ts-expect-error an observer commits nothing
openTypedObserver('queue', [Quote]).commit()

// The predicate gets the body of one type, or of one of several.
openTypedReader('queue', 's', [Quote], { where: (q) => q.bid > 0, key: new Set([5, 7]) })
openTypedReader('queue', 's', [Quote, Note], { where: (body) => 'bid' in body && body.bid > 0 })
// @ts-expect-error a name that the schema does not have
openTypedReader('queue', 's', [Quote], { where: (q) => q.bidd > 0 })
// @ts-expect-error the key is a number
openTypedReader('queue', 's', [Quote], { key: new Set(['5']) })
// @ts-expect-error an option that does not exist
openTypedReader('queue', 's', [Quote], { startt: 'latest' })
// @ts-expect-error a list is not a key
message('X', 1, { bids: list({ price: f64() }) }).keyedBy('bid')
asTypedReader(reader.queue, [Depth])

// Topics.
const topics = defineTopics({
  quotes: feed('binance', [Quote, Depth]),
  orders: ordersOut('*', [Note]),
  audit: queue('audit/trail', [Depth]),
})
const bus = openBus('root', topics)
bus.publisher('quotes').write(Quote, (q) => {
  q.instrumentId = 5
})
// @ts-expect-error a type of another topic
bus.publisher('orders').append(Quote, { instrumentId: 1, bid: 1, side: 'buy', symbol: 'x' })
// @ts-expect-error an unknown topic
bus.publisher('quote')
export async function follow(): Promise<void> {
  for await (const q of bus.subscribe('quotes', {
    name: 's',
    types: [Quote],
    where: (body) => body.bid > 0,
    key: new Set([5]),
  })) {
    expectTrue<Equal<typeof q.type, 'Quote'>>()
    expectTrue<Equal<typeof q.key, string>>()
    expectTrue<Equal<typeof q.body.bid, number>>()
  }
  for await (const q of bus.subscribe('quotes', { name: 's' })) {
    if (q.type === 'Depth') expectTrue<Equal<typeof q.body.note, string>>()
    else expectTrue<Equal<typeof q.body.symbol, string>>()
  }
  // @ts-expect-error a type that the topic does not have
  bus.subscribe('quotes', { name: 's', types: [Note] })
}
