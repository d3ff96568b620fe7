import { expect, it } from 'vitest'
import { cutNames } from './cut-names.js'

it('cuts names in the middle, where their ends differ', () => {
  expect(cutNames(['market_data/queue/coinbase', 'short'], 15)).toEqual(['market_…oinbase', 'short'])
})

it('keeps the end of names that would look alike, or the beginning when the ends are the same', () => {
  const long = (number: number) => `orders/queue/strategy-with-a-long-name-${number}/orders_out`
  expect(cutNames([long(1), long(2), 'other'], 20)).toEqual(['…g-name-1/orders_out', '…g-name-2/orders_out', 'other'])
  expect(cutNames(['alpha-A-and-a-very-long-end', 'alpha-B-and-a-very-long-end'], 10)).toEqual(['alpha-A-a…', 'alpha-B-a…'])
})

it('keeps what differs where neither end makes a difference, and cuts what is equal in the middle', () => {
  expect(cutNames(['aaaaaaaa1aaaaaaaa', 'aaaaaaaa2aaaaaaaa'], 7)).toEqual(['…1aaaa…', '…2aaaa…'])
  const path = (strategy: string) => `orders/queue/${strategy}/orders_out`
  expect(cutNames([path('s2'), path('strategy_momentum')], 8)).toEqual(['…2/orde…', '…trateg…'])
  expect(cutNames(['the same long name', 'the same long name'], 9)).toEqual(['the …name', 'the …name'])
})

it('counts wide characters as two', () => {
  expect(cutNames(['日本語の取引キュー一', '日本語の取引キュー二'], 10)).toEqual(['日本…ー一', '日本…ー二'])
})
