import { expect, it } from 'vitest'
import { measureFlatness } from './flatness.js'
import { type ProcessSample, sampleProcess } from './process-sample.js'

const sample = (change: Partial<ProcessSample>): ProcessSample => ({
  descriptors: 40,
  queueMappings: 100,
  mappings: 900,
  threads: 12,
  anonymousKb: 50_000,
  residentKb: 90_000,
  ...change,
})
const growing = (samples: readonly ProcessSample[]) =>
  measureFlatness(samples).flatMap(({ measure, isFlat }) => (isFlat ? [] : [measure]))

it('calls a line flat that only swings, and one with a single peak', () => {
  expect(growing(Array.from({ length: 60 }, (_, index) => sample({ descriptors: 40 + (index % 5) })))).toEqual([])
  expect(growing(Array.from({ length: 60 }, (_, index) => sample({ anonymousKb: index === 55 ? 900_000 : 50_000 })))).toEqual([])
})

it('finds a descriptor and a mapping that leak with every step, threads that are never ended, and memory that doubles', () => {
  expect(growing(Array.from({ length: 60 }, (_, index) => sample({ descriptors: 40 + index })))).toEqual(['descriptors'])
  expect(growing(Array.from({ length: 60 }, (_, index) => sample({ queueMappings: 100 + index })))).toEqual(['queueMappings'])
  expect(growing(Array.from({ length: 60 }, (_, index) => sample({ threads: 12 + Math.floor(index / 10) })))).toEqual(['threads'])
  expect(growing(Array.from({ length: 60 }, (_, index) => sample({ anonymousKb: 50_000 + index * 1000 })))).toEqual([
    'anonymousKb',
  ])
})

it('finds a leak that is far smaller than what the samples swing by, when it is there for certain', () => {
  const tolerances = { heapKb: { amount: 1000, share: 0, certain: 20 } }
  const swinging = (growth: number) =>
    measureFlatness(
      Array.from({ length: 90 }, (_, index) => ({ heapKb: 5000 + ((index * 37) % 41) + (index * growth) / 89 })),
      tolerances,
    ).map(({ isFlat, growth: { low, high } }) => ({ isFlat, isWithin: low <= growth && growth <= high }))
  expect(swinging(0)).toEqual([{ isFlat: true, isWithin: true }])
  expect(swinging(100)).toEqual([{ isFlat: false, isWithin: true }])
})

it('proves nothing with a handful of samples', () => {
  expect(() => measureFlatness(Array.from({ length: 8 }, () => sample({})))).toThrow(RangeError)
})

it('sees what this process holds', () => {
  const { descriptors, queueMappings, mappings, threads, anonymousKb, residentKb } = sampleProcess(process.pid, '/node')
  for (const value of [descriptors, queueMappings, mappings, threads, anonymousKb]) expect(value).toBeGreaterThan(0)
  expect(residentKb).toBeGreaterThan(anonymousKb)
})
