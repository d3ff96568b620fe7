import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CaptureReader } from '../capture/capture-reader.js'
import { recordedCapture } from '../capture/recorded-capture.js'
import { interpretFrame } from './interpret-frame.js'
import { BookSide, OrderBook } from './order-book.js'

const level = (price: number, quantity: number) => ({ price, quantity })

describe('BookSide', () => {
  it('knows the best level for any order of changes', () => {
    const changes = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 3 })))
    fc.assert(
      fc.property(changes, fc.constantFrom('bids' as const, 'asks' as const), (list, name) => {
        const side = new BookSide(name)
        const expected = new Map<number, number>()
        for (const [price, quantity] of list) {
          side.set(level(price, quantity))
          if (quantity === 0) expected.delete(price)
          else expected.set(price, quantity)
        }
        const best = [...expected.keys()].reduce(
          (a, b) => (name === 'bids' ? Math.max(a, b) : Math.min(a, b)),
          name === 'bids' ? 0 : 99,
        )
        expect(side.levelCount).toBe(expected.size)
        expect(side.best).toEqual(expected.size === 0 ? undefined : level(best, expected.get(best) ?? 0))
      }),
    )
  })
})

describe('OrderBook', () => {
  it('replaces everything at a snapshot', () => {
    const book = new OrderBook()
    book.apply({ kind: 'levels', symbol: 'X', bids: [level(9, 1)], asks: [level(9.5, 1)] })
    book.apply({ kind: 'snapshot', symbol: 'X', bids: [level(5, 1), level(6, 2)], asks: [level(7, 3), level(8, 4)] })
    expect(book.top).toEqual({ bid: level(6, 2), ask: level(7, 3) })
    book.apply({ kind: 'levels', symbol: 'X', bids: [level(6, 0)], asks: [level(6.5, 1)] })
    expect(book.top).toEqual({ bid: level(5, 1), ask: level(6.5, 1) })
  })

  it('trusts a quote more than levels of a book that was never sent whole', () => {
    const book = new OrderBook()
    expect(book.top).toBeUndefined()
    book.apply({ kind: 'levels', symbol: 'X', bids: [level(5, 1)], asks: [level(8, 1)] })
    expect(book.top).toEqual({ bid: level(5, 1), ask: level(8, 1) })
    book.apply({ kind: 'quote', symbol: 'X', bid: level(6, 1), ask: level(7, 1) })
    expect(book.top).toEqual({ bid: level(6, 1), ask: level(7, 1) })
  })

  it('never crosses on the recorded Coinbase feed and agrees with the prices that its ticker shows', async () => {
    const books = new Map<string, OrderBook>()
    let quotes = 0
    const path = recordedCapture('coinbase-2021-04-17.ws.txt.gz')
    for await (const { payload } of new CaptureReader(path).frames()) {
      const update = interpretFrame(Buffer.from(payload))
      if (update === undefined) continue
      const book = books.get(update.symbol) ?? new OrderBook()
      books.set(update.symbol, book)
      book.apply(update)
      const { top } = book
      if (top !== undefined) expect(top.bid.price).toBeLessThan(top.ask.price)
      if (update.kind !== 'quote' || top === undefined) continue
      quotes++
      // The ticker and the level2 channel are not in step, but never far apart.
      expect(Math.abs(update.bid.price / top.bid.price - 1)).toBeLessThan(0.05)
      expect(Math.abs(update.ask.price / top.ask.price - 1)).toBeLessThan(0.05)
    }
    expect(books.size).toBe(10)
    expect(quotes).toBeGreaterThan(90)
  })
})
