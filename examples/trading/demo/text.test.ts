import { expect, it } from 'vitest'
import { formatCount, formatDuration, formatTable } from './text.js'

it('aligns the first column to the left and all others to the right', () => {
  expect(
    formatTable(
      ['name', 'count', 'note'],
      [
        ['a', '12', ''],
        ['longer', '1,234,567', 'x'],
      ],
    ),
  ).toEqual(['name        count  note', '------  ---------  ----', 'a              12      ', 'longer  1,234,567     x'])
})

it.each([
  [0, '0 ns'],
  [999, '999 ns'],
  [1500, '1.50 us'],
  [26_300, '26.3 us'],
  [999_999, '1000 us'],
  [4_560_000, '4.56 ms'],
  [1.2e9, '1.20 s'],
])('writes %d ns as %s', (ns, text) => {
  expect(formatDuration(ns)).toBe(text)
})

it('groups the digits of counts', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567')
})
