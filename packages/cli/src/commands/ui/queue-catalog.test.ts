import { expect, it } from 'vitest'
import { trendOf } from './queue-catalog.js'

it('draws no line through a time in which nothing was looked at, and none to an unknown rate', () => {
  const point = (seconds: number, perSecond: number | null) => ({ atMs: seconds * 1000, perSecond, lagMessages: 7 })
  const { seconds, rates, lags } = trendOf([point(0, null), point(1, 20), point(2, 22), point(200, 5), point(201, 6)])
  expect(seconds).toEqual([-201, -200, -199, -100, -1, 0])
  expect(rates).toEqual([null, 20, 22, null, 5, 6])
  expect(lags).toEqual([7, 7, 7, null, 7, 7])
})
