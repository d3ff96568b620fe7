import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Answer, decodeAnswer, decodeOrder, encodeAnswer, encodeOrder, type Order, OrderFormatError } from './order-codec.js'
import * as layout from './order-layout.js'

const order: Order = {
  orderId: 258,
  sentNs: 1_700_000_000_123_456_789n,
  marketSequence: 7,
  price: 0.00001305,
  quantity: 985,
  side: 'sell',
  kind: 'take',
  strategy: 'alpha',
  venue: 'coinbase',
  symbol: 'SKL-BTC',
}

const name = fc.stringMatching(/^[!-~]{0,32}$/)
const anyOrder: fc.Arbitrary<Order> = fc.record({
  orderId: fc.maxSafeNat(),
  sentNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  marketSequence: fc.maxSafeNat(),
  price: fc.double({ noNaN: true }),
  quantity: fc.double({ noNaN: true }),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  kind: fc.constantFrom('take' as const, 'make' as const),
  strategy: name,
  venue: name,
  symbol: name,
})

describe('order codec', () => {
  it('puts every field where the layout says', () => {
    const { typeId, payload } = encodeOrder(order)
    expect(typeId).toBe(layout.ORDER_TYPE)
    expect(payload.length).toBe(layout.ORDER_LENGTH)
    expect(payload.toString('hex', 0, 48)).toBe(
      [
        '0201000000000000',
        '15cd853dfe9c9717',
        '0700000000000000',
        Buffer.from(new Float64Array([0.00001305]).buffer).toString('hex'),
        Buffer.from(new Float64Array([985]).buffer).toString('hex'),
        '0201000000000000',
      ].join(''),
    )
    expect(payload.toString('latin1', 48, 80)).toBe('alpha'.padEnd(32, '\0'))
    expect(payload.toString('latin1', 80, 112)).toBe('coinbase'.padEnd(32, '\0'))
    expect(payload.toString('latin1', 112, 144)).toBe('SKL-BTC'.padEnd(32, '\0'))
  })

  it('returns any order and answer as it was', () => {
    fc.assert(
      fc.property(anyOrder, fc.constantFrom('ack' as const, 'fill' as const), (value, outcome) => {
        const sent = encodeOrder(value)
        expect(decodeOrder(sent.typeId, sent.payload)).toEqual(value)
        const answer: Answer = { ...value, outcome, answeredNs: value.sentNs }
        const answered = encodeAnswer(answer)
        expect(decodeAnswer(answered.typeId, answered.payload)).toEqual(answer)
      }),
    )
  })

  it('refuses names that do not fit their place', () => {
    expect(() => encodeOrder({ ...order, symbol: 'x'.repeat(33) })).toThrow(OrderFormatError)
    expect(() => encodeOrder({ ...order, venue: 'börse' })).toThrow(OrderFormatError)
  })

  it('refuses bytes that are something else', () => {
    const { payload } = encodeOrder(order)
    expect(() => decodeOrder(layout.ACK_TYPE, payload)).toThrow(OrderFormatError)
    expect(() => decodeAnswer(layout.ORDER_TYPE, payload)).toThrow(OrderFormatError)
    expect(() => decodeOrder(layout.ORDER_TYPE, payload.subarray(1))).toThrow(OrderFormatError)
    expect(() => decodeAnswer(layout.FILL_TYPE, payload)).toThrow(OrderFormatError)
    const badSide = Buffer.from(payload)
    badSide[layout.SIDE_OFFSET] = 0
    expect(() => decodeOrder(layout.ORDER_TYPE, badSide)).toThrow(OrderFormatError)
  })
})

it('draws the layout that the constants describe', () => {
  const source = readFileSync(new URL('order-layout.ts', import.meta.url), 'utf8')
  const drawn = [...source.matchAll(/^ \*\s+(\d+) \|\s*(\w+)/gm)].map(([, offset, field]) => [field, Number(offset)])
  expect(Object.fromEntries(drawn)).toEqual({
    orderId: layout.ORDER_ID_OFFSET,
    sentNs: layout.SENT_NS_OFFSET,
    marketSequence: layout.MARKET_SEQUENCE_OFFSET,
    price: layout.PRICE_OFFSET,
    quantity: layout.QUANTITY_OFFSET,
    side: layout.SIDE_OFFSET,
    strategy: layout.STRATEGY_OFFSET,
    venue: layout.VENUE_OFFSET,
    symbol: layout.SYMBOL_OFFSET,
    answeredNs: layout.ANSWERED_NS_OFFSET,
  })
  expect(layout.KIND_OFFSET).toBe(layout.SIDE_OFFSET + 1)
})
