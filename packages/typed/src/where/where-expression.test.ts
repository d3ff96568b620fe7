import { ascii, bool, decimal, enumOf, f64, flags, i64, list, message, u16, vector } from '@chronicle-ts/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { WhereError } from './where-error.js'
import { WhereExpression } from './where-expression.js'

const Tick = message('Tick', 1, {
  bid: f64(),
  price: decimal(9),
  wide: i64(),
  side: enumOf({ buy: 0, sell: 1 }),
  symbol: ascii(8),
  isLast: bool(),
  marks: flags(['hot', 'cold']),
  bids: list({ price: f64(), length: ascii(4) }),
  weights: vector('f64'),
  length: i64(),
}).since(2, { venue: u16(), tail: vector('u8') })

const bytes = Tick.encode({
  bid: 60123.5,
  price: '60123.000000001',
  wide: 9007199254740993n,
  side: 'buy',
  symbol: "it's",
  isLast: true,
  marks: ['cold'],
  bids: [
    { price: 1, length: 'ab' },
    { price: 2.5, length: 'c' },
  ],
  weights: [3, 4],
  length: 77n,
})
const body = Tick.reader().wrap(new DataView(bytes.buffer), 0, bytes.length, 1)
const header = { sequence: 7, timestampNs: 1_700_000_000_000_000_000n, typeId: 1, type: 'Tick', schemaVersion: 1 }
const matches = (text: string, value: unknown = body) => new WhereExpression(text).matches(value, header)

describe('a message matches', () => {
  it.each([
    'bid > 60000 && symbol == "it\'s"',
    "symbol == 'it\\'s'",
    'bid == 60123.5',
    'bid >= 6.01235e4',
    'bid != 60123',
    'side == "buy" and not (side == "sell")',
    'side in ["sell", "buy"]',
    'wide == 9007199254740993',
    'wide > 9_007_199_254_740_992',
    'price > 60123',
    'price == 60123.000000001',
    'price < 60123.0000000011',
    'isLast',
    'isLast == true',
    '!(bid < 0) || nothing == 5',
    'venue == null',
    'venue != 3',
    'bids != null && weights != null && marks != null',
    'tail == null',
    'bids != bids',
    'length == 77 && bids[0].length == "ab"',
    'weights.length == 2',
    'price == price && price.mantissa == 60123000000001',
    'marks contains "cold"',
    '!(marks contains "hot")',
    'symbol contains "t\'"',
    'bids[1].price == 2.5',
    'bids.length == 2',
    'bids[5].price == null',
    'weights[1] == 4',
    'weights contains 3',
    'bid > bids[0].price',
    '$sequence == 7 && $type == "Tick" && $typeId == 1 && $version == 1',
    '$timestampNs >= 1700000000000000000',
  ])('%s', (text) => {
    expect(matches(text)).toBe(true)
  })

  it.each([
    'bid < 60000',
    'bid == "60123.5"',
    'wide == 9007199254740992',
    'price == 60123',
    'venue < 5',
    'venue > 5',
    'bid',
    'symbol',
    'constructor == 1',
    '__proto__.x == 1',
    'bids.at == 1',
    'marks.names == 1',
    'side == null',
    'bids == null',
    'bids in [null]',
    'bids',
    'tail != null',
  ])('not for %s', (text) => {
    expect(matches(text)).toBe(false)
  })

  it('reads plain values as it reads bodies', () => {
    const value = { a: { b: [1, 'x'] }, n: Number.NaN, z: null }
    expect(
      ['a.b[1] == "x"', 'a.b contains 1', 'a.b.length == 2', 'z == null', 'n != n'].map((text) => matches(text, value)),
    ).toEqual(new Array(5).fill(true))
    expect(['toString == 1', 'a.hasOwnProperty == 1', '__proto__ != null', 'n == n'].map((text) => matches(text, value))).toEqual(
      new Array(4).fill(false),
    )
  })
})

it('compares a decimal of many digits with a float as toNumber() rounds it', () => {
  const Trade = message('Trade', 1, { price: decimal(9), last: f64() })
  const reader = Trade.reader()
  for (const price of ['84274616.773966502', '106037475.399267688', '0.000000001', '-9223372036.854775808', '60123.5']) {
    const wrapped = (last: number) => {
      const trade = Trade.encode({ price, last })
      return reader.wrap(new DataView(trade.buffer), 0, trade.length)
    }
    expect(matches('price == last', wrapped(wrapped(0).price.toNumber())), price).toBe(true)
  }
})

describe('objects whose fields are called as those of decimals', () => {
  const value = {
    json: { mantissa: 5, scale: 2 },
    text: { mantissa: 'x', scale: 'y' },
    huge: { mantissa: 1n, scale: 1e9 },
    part: { mantissa: 1n, scale: 0.5 },
    exact: { value: 1, exact: 1 },
    real: { mantissa: 15n, scale: 1 },
  }

  it.each(['json', 'text', 'huge', 'part', 'exact'])('are there and equal nothing: %s', (name) => {
    const texts = [`${name} == 1`, `${name} > 0`, `${name} <= 9`, `${name} == ${name}`, `${name} in [1]`, `${name} == null`]
    expect(texts.map((text) => matches(text, value))).toEqual(texts.map(() => false))
    expect(matches(`${name} != null`, value)).toBe(true)
  })

  it('dates are compared as tools show them', () => {
    const dated = { when: new Date(0), never: new Date(Number.NaN) }
    expect(
      ['when == "1970-01-01T00:00:00.000Z"', 'when < "2000"', 'never == "Invalid Date"'].map((text) => matches(text, dated)),
    ).toEqual([true, true, true])
  })

  it('are decimals when they hold what a decimal holds', () => {
    expect(matches('real == 1.5', value)).toBe(true)
  })
})

describe('an error says where, and what would fit', () => {
  it.each([undefined, null, 5, ['a']])('for %s, which is not a text', (text) => {
    expect(() => new WhereExpression(text as never)).toThrow(WhereError)
  })

  it.each([
    ['', 0, 'expected a field'],
    ['bid >', 5, 'expected a field'],
    ['bid = 5', 4, 'equality is =='],
    ['bid > 5 symbol', 8, 'expected an operator'],
    ['(bid > 5', 8, 'expected )'],
    ['symbol == "BTC', 10, 'closing quote'],
    ["symbol == '\\x'", 11, 'unknown escape'],
    ['bid in 5', 7, 'expected ['],
    ['bid in []', 8, 'expected a field, a number'],
    ['bids[-1].price', 5, 'an index'],
    ['bids.5', 5, 'the name of a field'],
    ['bid # 5', 4, 'a character that means nothing here'],
    ['and', 0, 'a field or a value'],
    ['bid > 1e999', 6, 'a number'],
    ['$sequenze == 1', 0, '$sequenze is unknown'],
    ['('.repeat(200), 100, 'at most 100 levels'],
    ['1 == 1'.padEnd(10_001), 10_000, 'more than 10000 characters'],
  ])('%s', (text, position, detail) => {
    expect(() => new WhereExpression(text)).toThrow(WhereError)
    try {
      new WhereExpression(text)
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', position, text })
      expect((error as WhereError).detail).toContain(detail)
    }
  })

  it('also for a field that no type has', () => {
    const where = new WhereExpression('bid > 5 && bidd > 6')
    expect(where.fields).toEqual(['bid', 'bidd'])
    expect(() => where.checkFields(new Set(['ask', 'bid']))).toThrow('no type has a field bidd; there are ask, bid: position=11')
  })
})

describe('any text', () => {
  const piece = fc.constantFrom(
    ...[
      'bid',
      'symbol',
      'bids',
      '$type',
      '[0]',
      '.',
      'length',
      '==',
      '!=',
      '<',
      '&&',
      '||',
      '!',
      '(',
      ')',
      ' in ',
      '[',
      ']',
      ',',
      ' ',
    ],
    ...[
      '1',
      '-2.5e3',
      '"x"',
      "'y'",
      'null',
      'true',
      ' and ',
      ' not ',
      ' contains ',
      '\\',
      '"',
      '__proto__',
      'constructor',
      '99999999999999999999',
    ],
  )
  const text = fc.oneof(
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
    fc.string({ maxLength: 40 }),
  )

  it('is refused with a position, or gives an answer', () => {
    fc.assert(
      fc.property(text, (expression) => {
        try {
          expect(typeof matches(expression)).toBe('boolean')
        } catch (error) {
          if (!(error instanceof WhereError)) throw error
          expect(error.position).toBeGreaterThanOrEqual(0)
          expect(error.position).toBeLessThanOrEqual(expression.length)
        }
      }),
      { numRuns: amount({ short: 500, long: 2000, full: 20_000 }) },
    )
  })

  it('numbers are ordered as they are written', () => {
    const number = fc.tuple(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.nat({ max: 18 }))
    fc.assert(
      fc.property(number, number, ([a, scaleA], [b, scaleB]) => {
        const value = { a: { mantissa: a, scale: scaleA } }
        const isLess = a * 10n ** BigInt(scaleB) < b * 10n ** BigInt(scaleA)
        const literal = `${b < 0n ? '-' : ''}${formatMantissa(b < 0n ? -b : b, scaleB)}`
        expect(matches(`a < ${literal}`, value)).toBe(isLess)
      }),
      { numRuns: 300 },
    )
  })

  function formatMantissa(mantissa: bigint, scale: number): string {
    const digits = mantissa.toString().padStart(scale + 1, '0')
    return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  }
})
