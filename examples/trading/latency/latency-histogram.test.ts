import { expect, it } from 'vitest'
import { LatencyHistogram } from './latency-histogram.js'

it('adds up histograms of several processes', () => {
  const first = new LatencyHistogram()
  const second = new LatencyHistogram()
  for (let value = 1; value <= 500; value++) first.record(BigInt(value))
  for (let value = 501; value <= 1000; value++) second.record(BigInt(value))
  const total = new LatencyHistogram()
  total.add(first.encode())
  total.add(second.encode())
  expect(total.summary()).toEqual({ count: 1000, p50Ns: 500, p99Ns: 990, p999Ns: 999, maxNs: 1000 })
})

it('takes what no clock should say', () => {
  const histogram = new LatencyHistogram()
  histogram.record(-5n)
  histogram.record(10n ** 15n)
  expect(histogram.summary().count).toBe(2)
  expect(histogram.summary().maxNs).toBeLessThan(61e9)
})

it('says nothing but zeros of nothing', () => {
  expect(new LatencyHistogram().summary()).toEqual({ count: 0, p50Ns: 0, p99Ns: 0, p999Ns: 0, maxNs: 0 })
})
