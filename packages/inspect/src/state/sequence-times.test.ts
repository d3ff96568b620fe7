import { expect, it } from 'vitest'
import { SequenceTimes } from './sequence-times.js'

it('says when a message was there first, and which ones are still to come', () => {
  const times = new SequenceTimes(1000)
  times.add(5, 100)
  times.add(5, 200)
  times.add(8, 300)
  times.add(8, 400)
  expect([0, 4, 5, 7, 8].map((sequence) => times.arrivalOf(sequence))).toEqual([
    { atMs: 100, isBound: true },
    { atMs: 100, isBound: true },
    { atMs: 300, isBound: false },
    { atMs: 300, isBound: false },
    undefined,
  ])
  times.clear()
  expect(times.arrivalOf(0)).toBeUndefined()
})

it('forgets what is older than the kept time, but not what was there when that began', () => {
  const times = new SequenceTimes(1000)
  for (const [sequence, atMs] of [
    [1, 0],
    [2, 500],
    [3, 1400],
    [3, 1600],
    [4, 5000],
  ] as const)
    times.add(sequence, atMs)
  expect(times.arrivalOf(1)).toEqual({ atMs: 1400, isBound: true })
  expect(times.arrivalOf(3)).toEqual({ atMs: 5000, isBound: false })
})
