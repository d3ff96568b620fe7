import { expect, it } from 'vitest'
import { ascii, message } from '../index.js'

it.each([1, 5, 8, 15, 16, 17])(
  'writes every text of %i bytes again as it wrote it first, also more than it remembers',
  (length) => {
    const Type = message('T', 1, { before: ascii(3), text: ascii(length), after: ascii(3) })
    const texts = Array.from({ length: 1500 }, (_, number) => number.toString(36).slice(-length))
    for (const text of [...texts, ...texts]) {
      const value = { before: 'abc', text, after: 'xyz' }
      expect(Type.decode(Type.encode(value))).toEqual(value)
    }
    expect(() => Type.encode({ before: 'abc', text: 'é', after: 'x' })).toThrow(/text in ascii/)
  },
)
