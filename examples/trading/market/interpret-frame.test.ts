import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CaptureReader } from '../capture/capture-reader.js'
import { recordedCapture } from '../capture/recorded-capture.js'
import { interpretFrame } from './interpret-frame.js'

const interpret = (frame: unknown) => interpretFrame(Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame)))

async function kindsIn(file: string): Promise<Record<string, number>> {
  const kinds: Record<string, number> = {}
  for await (const { payload } of new CaptureReader(recordedCapture(file)).frames()) {
    const kind = interpretFrame(Buffer.from(payload))?.kind ?? 'not understood'
    kinds[kind] = (kinds[kind] ?? 0) + 1
  }
  return kinds
}

describe('interpretFrame', () => {
  it('understands every market-data frame of the recorded captures', async () => {
    expect(await kindsIn('coinbase-2021-04-17.ws.txt.gz')).toEqual({
      snapshot: 10,
      levels: 9719,
      quote: 107,
      other: 107,
      'not understood': 3,
    })
    expect(await kindsIn('binance-futures-2021-07-22.ws.txt.gz')).toEqual({ levels: 764, quote: 613, other: 91 + 67 })
  })

  it('reads Coinbase level2 changes', () => {
    const frame = {
      type: 'l2update',
      product_id: 'SKL-BTC',
      changes: [
        ['sell', '0.00001306', '660.5'],
        ['buy', '0.00001301', '0'],
      ],
    }
    expect(interpret(frame)).toEqual({
      kind: 'levels',
      symbol: 'SKL-BTC',
      bids: [{ price: 0.00001301, quantity: 0 }],
      asks: [{ price: 0.00001306, quantity: 660.5 }],
    })
  })

  it('takes no price from a trade or a candle', () => {
    const match = { type: 'match', product_id: 'SKL-USD', side: 'sell', size: '450', price: '0.791' }
    expect(interpret(match)).toEqual({ kind: 'other', symbol: 'SKL-USD' })
    const trade = { e: 'aggTrade', s: 'CTKUSDT', p: '1.01100', q: '10', m: true }
    expect(interpret(trade)).toEqual({ kind: 'other', symbol: 'CTKUSDT' })
  })

  it('reads a Coinbase ticker that says no sizes', () => {
    const quote = { kind: 'quote', symbol: 'X', bid: { price: 1, quantity: 0 }, ask: { price: 2, quantity: 3 } }
    expect(interpret({ type: 'ticker', product_id: 'X', best_bid: '1', best_ask: '2', best_ask_size: '3' })).toEqual(quote)
  })

  it('reads Binance quotes from combined, single and spot streams', () => {
    const quote = { s: 'SUSHIUSDT', b: '7.6110', B: '2', a: '7.6120', A: '297', u: 1 }
    const expected = {
      kind: 'quote',
      symbol: 'SUSHIUSDT',
      bid: { price: 7.611, quantity: 2 },
      ask: { price: 7.612, quantity: 297 },
    }
    expect(interpret({ stream: 'sushiusdt@bookTicker', data: { e: 'bookTicker', ...quote } })).toEqual(expected)
    expect(interpret({ e: 'bookTicker', ...quote })).toEqual(expected)
    expect(interpret(quote)).toEqual(expected)
  })

  it.each([
    ['text', 'not json'],
    ['half a frame', '{"type":"l2upd'],
    ['a list', '[1,2]'],
    ['nothing', ''],
    ['another exchange', { channel: 'trades', pair: 'XBT/USD' }],
    ['an unknown type', { type: 'heartbeat', product_id: 'SKL-USD' }],
    ['a price of text', { type: 'l2update', product_id: 'X', changes: [['buy', 'much', '1']] }],
    ['a price below zero', { e: 'bookTicker', s: 'X', b: '-1', B: '1', a: '2', A: '1' }],
    ['an endless price', { e: 'bookTicker', s: 'X', b: '1', B: '1', a: '1e999', A: '1' }],
    ['levels of another shape', { e: 'depthUpdate', s: 'X', b: [7], a: [] }],
    ['a symbol that no order has room for', { e: 'aggTrade', s: 'X'.repeat(33), p: '1', q: '1', m: true }],
    ['a price of nothing', { type: 'snapshot', product_id: 'X', bids: [['0', '1']], asks: [] }],
    ['a change without a side', { type: 'l2update', product_id: 'X', changes: [['hold', '1', '1']] }],
  ])('leaves %s not understood', (_, frame) => {
    expect(interpret(frame)).toBeUndefined()
  })

  it('never throws, for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void interpretFrame(Buffer.from(bytes))))
    const keys = ['type', 'product_id', 'e', 's', 'data', 'changes', 'b', 'a', 'k', 'p', 'q', 'm']
    fc.assert(fc.property(fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()), (frame) => void interpret(frame)))
  })
})
