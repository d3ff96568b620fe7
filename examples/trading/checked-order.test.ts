import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeAnswer, encodeOrder, offsetOf } from '../test/example-order.js'
import { type Answer, decodeAnswer, decodeOrder, type Order, OrderFormatError } from './checked-order.js'
import { Ack, Fill, NewOrder } from './order-messages.js'

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
  orderId: fc.maxSafeNat().map((id) => Math.max(id, 1)),
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

describe('orders and answers', () => {
  it('puts every field where the schema says', () => {
    const { typeId, payload } = encodeOrder(order)
    expect(typeId).toBe(1)
    expect(payload.toString('hex', 0, 42)).toBe(
      [
        '0201000000000000',
        '15cd853dfe9c9717',
        '0700000000000000',
        Buffer.from(new Float64Array([0.00001305]).buffer).toString('hex'),
        Buffer.from(new Float64Array([985]).buffer).toString('hex'),
        '0201',
      ].join(''),
    )
    expect(payload.toString('latin1', 42)).toBe(['alpha', 'coinbase', 'SKL-BTC'].map((text) => text.padEnd(32, '\0')).join(''))
    expect([offsetOf('answeredNs'), offsetOf('orderedNs')]).toEqual([144, 152])
  })

  it('returns any order and answer as it was', () => {
    fc.assert(
      fc.property(anyOrder, fc.constantFrom('ack' as const, 'fill' as const), (value, outcome) => {
        const sent = encodeOrder(value)
        expect(decodeOrder(sent.typeId, sent.payload)).toEqual(value)
        const answer: Answer = { ...value, outcome, answeredNs: value.sentNs, orderedNs: 7n }
        const answered = encodeAnswer(answer)
        expect(decodeAnswer(answered.typeId, answered.payload, 2)).toEqual(answer)
        // A reader of the first version reads what it knows.
        expect(decodeAnswer(answered.typeId, answered.payload)).toEqual({ ...answer, orderedNs: undefined })
      }),
    )
  })

  it('refuses names that do not fit their place', () => {
    expect(() => encodeOrder({ ...order, symbol: 'x'.repeat(33) })).toThrow(/Invalid argument/)
    expect(() => encodeOrder({ ...order, venue: 'börse' })).toThrow(/Invalid argument/)
  })

  it('refuses bytes that are something else', () => {
    const { payload } = encodeOrder(order)
    expect(() => decodeOrder(Ack.typeId, payload)).toThrow(OrderFormatError)
    expect(() => decodeAnswer(NewOrder.typeId, payload)).toThrow(OrderFormatError)
    expect(() => decodeOrder(NewOrder.typeId, payload.subarray(1))).toThrow(OrderFormatError)
    expect(() => decodeAnswer(Fill.typeId, payload)).toThrow(OrderFormatError)
    const badSide = Buffer.from(payload)
    badSide[offsetOf('side')] = 0
    expect(() => decodeOrder(NewOrder.typeId, badSide)).toThrow(OrderFormatError)
  })
})
