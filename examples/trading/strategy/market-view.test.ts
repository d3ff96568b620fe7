import { expect, it } from 'vitest'
import { MarketView } from './market-view.js'

const frame = (price: number, symbol = 'X') =>
  Buffer.from(`{"e":"bookTicker","s":"${symbol}","b":"${price}","B":"1","a":"${price + 1}","A":"1"}`)

/** Crosses its average twice. */
const PRICES = [100, 98, 104, 105, 90]

function sidesAt(view: MarketView, venue: string, before: (price: number) => void = () => {}): (string | undefined)[] {
  return PRICES.map((price) => {
    before(price)
    return view.observe(venue, frame(price))?.side
  })
}

it('keeps a book and a signal for each symbol at each venue', () => {
  const alone = sidesAt(new MarketView(3), 'a')
  expect(alone).toEqual([undefined, undefined, 'buy', undefined, 'sell'])
  const view = new MarketView(3)
  const others = (price: number) => {
    view.observe('b', frame(1000 / price))
    view.observe('a', frame(price * 7, 'Y'))
  }
  expect(sidesAt(view, 'a', others)).toEqual(alone)
})

it('says where to trade, and counts what it does not understand', () => {
  const view = new MarketView(3)
  for (const price of PRICES.slice(0, 2)) view.observe('a', frame(price))
  expect(view.observe('a', Buffer.from('not a frame'))).toBeUndefined()
  expect(view.observe('a', frame(104))).toMatchObject({ venue: 'a', symbol: 'X', side: 'buy', price: 104 })
  expect(view.notUnderstood).toBe(1)
})
