import { expect, it } from 'vitest'
import { toJsonSafe } from './json-safe.js'

it.each([
  [5n, '5'],
  [Number.NaN, 'NaN'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
  [new Date(1), '1970-01-01T00:00:00.001Z'],
  [new Date(Number.NaN), 'Invalid Date'],
  [Buffer.from('hi'), 'aGk='],
  [BigInt64Array.of(1n, -2n), ['1', '-2']],
  [new Map<string, unknown>([['when', new Date(0)]]), { when: '1970-01-01T00:00:00.000Z' }],
  [new Set([1n]), ['1']],
  [
    { a: [null, { b: 1n }], c: undefined },
    { a: [null, { b: '1' }], c: undefined },
  ],
])('%o becomes %o', (value, expected) => {
  expect(toJsonSafe(value)).toEqual(expected)
})

it('keeps what is called __proto__ a field', () => {
  expect(JSON.stringify(toJsonSafe(JSON.parse('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}')
})
