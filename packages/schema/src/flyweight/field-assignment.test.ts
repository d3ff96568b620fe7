import { expect, it } from 'vitest'
import { ascii, bool, f64, flags, message, u8, u32 } from '../index.js'

const Type = message('T', 1, {
  a: u32(),
  b: f64(),
  name: ascii(8),
  small: u8().optional(),
  isOpen: bool().optional(),
  marks: flags({ x: 0, y: 1 }),
})

const FIRST = { a: 1, b: 2, name: 'one', small: 3, isOpen: true, marks: ['x'] } as const

/** Each value is assigned twice in a row: by name, and in the order that was remembered. */
function encodeTwice(value: object): object {
  const [once, again] = [Type.encode(value as never), Type.encode(value as never)]
  expect(again).toEqual(once)
  return Type.decode(again)
}

it('sets the same fields from values with other orders and with fewer names, one after the other', () => {
  const values = [
    FIRST,
    { marks: ['y'], isOpen: false, small: 4, name: 'two', b: 5, a: 6 },
    { a: 7, b: 8, name: 'three', marks: [] },
    { name: 'four', marks: ['x', 'y'], b: 9, a: 10, small: undefined },
    { a: 11, b: 12, name: 'five', small: 13, marks: [] },
    FIRST,
  ]
  for (const value of [...values, ...values]) expect(encodeTwice(value)).toEqual(JSON.parse(JSON.stringify(value)))
})

it('refuses what it refuses by name also after a value whose order it remembers', () => {
  encodeTwice(FIRST)
  const { name: _name, ...withoutName } = FIRST
  for (const [value, text] of [
    [withoutName, /T\.name/],
    [{ ...FIRST, name: undefined }, /T\.name/],
    [{ ...FIRST, a: -1 }, /T\.a/],
    [{ ...FIRST, other: 1 }, /T\.other/],
    [{ other: 1, ...FIRST }, /T\.other/],
    [{}, /T\.a/],
    [null, /expected an object/],
  ] as const)
    expect(() => Type.encode(value as never), JSON.stringify(value)).toThrow(text)
  expect(encodeTwice(FIRST)).toMatchObject({ a: 1, name: 'one' })
})

it('reads what stands on a prototype, and what is not enumerable', () => {
  encodeTwice({ a: 1, b: 2, name: 'one', marks: [] })
  class Given {
    a = 3
    b = 4
    name = 'two'
    marks = []
    get small(): number {
      return 5
    }
  }
  expect(encodeTwice(new Given())).toMatchObject({ a: 3, small: 5 })
  const hidden = Object.defineProperty({ a: 6, b: 7, name: 'three', marks: [] }, 'small', { value: 8, enumerable: false })
  expect(encodeTwice(hidden)).toMatchObject({ a: 6, small: 8 })
  const body = Type.reader().wrap(new DataView(Type.encode(FIRST).buffer), 0, Type.encode(FIRST).length)
  expect(encodeTwice(body)).toMatchObject({ a: 1, b: 2, name: 'one', small: 3, isOpen: true })
})
