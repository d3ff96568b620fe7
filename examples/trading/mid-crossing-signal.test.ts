import { expect, it } from 'vitest'
import { MidCrossingSignal } from './mid-crossing-signal.js'

const top = (bid: number, ask: number, bidQuantity = 1, askQuantity = 1) => ({
  bid: { price: bid, quantity: bidQuantity },
  ask: { price: ask, quantity: askQuantity },
})

it('buys when the mid price crosses its average upwards and sells when it crosses downwards', () => {
  const signal = new MidCrossingSignal(3)
  const sides = [
    [99, 101],
    [97, 99],
    [103, 105],
    [104, 106],
    [90, 92],
  ].map(([bid = 0, ask = 0]) => signal.observe(top(bid, ask))?.side)
  expect(sides).toEqual([undefined, undefined, 'buy', undefined, 'sell'])
})

it('takes when the book agrees with the crossing and makes when it does not', () => {
  const crossing = (bidQuantity: number, askQuantity: number) => {
    const signal = new MidCrossingSignal(3)
    signal.observe(top(99, 101))
    signal.observe(top(97, 99))
    return signal.observe(top(103, 105, bidQuantity, askQuantity))
  }
  expect(crossing(9, 1)).toMatchObject({ side: 'buy', kind: 'take', price: 105 })
  expect(crossing(1, 9)).toMatchObject({ side: 'buy', kind: 'make', price: 103 })
  expect(crossing(0, 0)).toMatchObject({ side: 'buy', kind: 'make', price: 103 })
})

it('says nothing while the price stands still', () => {
  const signal = new MidCrossingSignal(8)
  for (let count = 0; count < 100; count++) expect(signal.observe(top(0.00001305, 0.00001306))).toBeUndefined()
})
