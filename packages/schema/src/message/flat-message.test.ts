import { describe, expect, it } from 'vitest'
import { codeOf, thrownBy } from '../../test/support/thrown.js'
import {
  array,
  ascii,
  bool,
  bytes,
  complex,
  decimal,
  enumOf,
  type Fields,
  f32,
  f64,
  flags,
  i8,
  i64,
  list,
  matrix,
  message,
  quantized,
  timestampNs,
  u8,
  u16,
  u32,
  u64,
  utf8,
  vector,
} from '../index.js'

const Side = { buy: 0, sell: 1 } as const
const quoteFields = {
  tsEvent: timestampNs(),
  price: decimal(9),
  instrumentId: u32(),
  side: enumOf(Side),
  bid: f64(),
  ask: f64(),
  symbol: ascii(8),
}
const QuoteV1 = message('Quote', 1, quoteFields)
const Quote = QuoteV1.since(2, { venue: u16() })
const Depth = message('Depth', 2, {
  tsEvent: timestampNs(),
  bids: list({ price: f64(), size: f64() }),
  weights: vector('f64'),
  cov: matrix('f64', 2, 2),
  note: utf8(),
})
const quote = { tsEvent: 5n, price: '60123.5', instrumentId: 7, side: 'sell', bid: 1.5, ask: 2.5, symbol: 'BTC-USD' } as const
const depth = { tsEvent: 5n, bids: [{ price: 1, size: 2 }], weights: [3, 4, 5], cov: [6, 7, 8, 9], note: 'late' }

function view(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength)
}

describe('the layout flat1', () => {
  it('places fields in order of declaration, naturally aligned, followed by those of later versions', () => {
    const places = Object.fromEntries(Quote.description.fields.map(({ name, offset }) => [name, offset]))
    expect(places).toEqual({ tsEvent: 0, price: 8, instrumentId: 16, side: 20, bid: 24, ask: 32, symbol: 40, venue: 48 })
    expect(QuoteV1.encode(quote).length).toBe(48)
    expect(Quote.encode(quote).length).toBe(50)
  })

  it('stores exactly these bytes', () => {
    const hex = Buffer.from(Quote.encode({ ...quote, venue: 513 })).toString('hex')
    expect(hex).toBe(
      `0500000000000000${'0033dc97ae360000'}07000000${'01'}000000${'000000000000f83f'}${'0000000000000440'}${'4254432d55534400'}0102`,
    )
  })

  it('puts variable parts after the block: slots of offset and count, data at multiples of 8, matrices of 64', () => {
    const data = Depth.encode(depth)
    const words = Array.from({ length: 10 }, (_, index) => view(data).getUint32(index * 4, true))
    // tsEvent, bids, weights, cov, note; the block has 40 bytes.
    expect(words).toEqual([5, 0, 40, 1, 56, 3, 128, 4, 160, 4])
    expect(data.length).toBe(164)
    expect(view(data).getFloat64(128, true)).toBe(6)
    expect(Buffer.from(data.subarray(160)).toString()).toBe('late')
  })

  it('aligns the fields of an item and the items of a list', () => {
    const Trades = message('Trades', 3, { trades: list({ flag: u8(), price: f64(), size: u16() }) })
    const data = Trades.encode({
      trades: [
        { flag: 1, price: 2, size: 3 },
        { flag: 4, price: 5, size: 6 },
      ],
    })
    expect(data.length).toBe(8 + 2 * 24)
    expect(view(data).getFloat64(8 + 24 + 8, true)).toBe(5)
  })

  it('gives views of vectors and matrices that lie in the message', () => {
    const data = Depth.encode(depth)
    const body = Depth.reader().wrap(view(data), 0, data.length, 1)
    expect(body.weights.buffer).toBe(data.buffer)
    expect([...body.weights]).toEqual([3, 4, 5])
    expect(body.cov.data.byteOffset % 64).toBe(0)
    expect([...body.cov.row(1)]).toEqual([8, 9])
    expect(body.bids.at(0).size).toBe(2)
  })

  it('reads from any place, also one that is not aligned', () => {
    const data = Depth.encode(depth)
    const shifted = new Uint8Array(data.length + 9).fill(0xee)
    shifted.set(data, 3)
    const reader = Depth.reader()
    reader.wrap(view(shifted), 3, data.length, 1)
    expect(reader.value()).toEqual(Depth.decode(data))
  })
})

describe('a message that is written in place', () => {
  it('is filled field by field, in a target that holds other bytes before', () => {
    const writer = Depth.writer()
    const sizes = { bids: 1, weights: 3, note: 40 }
    const target = new Uint8Array(writer.length(sizes)).fill(0xcc)
    const body = writer.begin(view(target), 0, target.length, sizes)
    body.tsEvent = 5n
    body.bids.at(0).price = 1
    body.bids.at(0).size = 2
    body.weights.set([3, 4, 5])
    body.cov.data.set([6, 7, 8, 9])
    body.note = 'longer than it stays'
    body.note = 'late'
    expect(Depth.decode(target)).toEqual(Depth.decode(Depth.encode(depth)))
    expect(target.includes(0xcc)).toBe(false)
  })

  it('begins with zeros, null where a field can be absent, and text that is empty', () => {
    const Order = message('Order', 4, {
      id: u64(),
      limit: f64().optional(),
      side: enumOf(Side).optional(),
      note: utf8(),
      ok: bool().optional(),
    })
    const writer = Order.writer()
    const target = new Uint8Array(writer.length({ note: 16 })).fill(0xcc)
    const body = writer.begin(view(target), 0, target.length, { note: 16 })
    expect([body.id, body.limit, body.side, body.note, body.ok]).toEqual([0n, undefined, undefined, '', undefined])
    expect(Order.decode(target)).toEqual({ id: 0n, note: '' })
  })

  it('does not zero a target that is zero already', () => {
    const writer = QuoteV1.writer({ zeroed: true })
    const target = new Uint8Array(48).fill(1)
    writer.begin(view(target), 0, 48)
    expect(target.every((byte) => byte === 1)).toBe(true)
  })

  it('refuses a target of another length, one outside of the view, and one that typed arrays cannot stand on', () => {
    const target = view(new Uint8Array(100))
    const calls = [
      () => QuoteV1.writer().begin(target, 0, 47),
      () => QuoteV1.writer().begin(target, 0, 49),
      () => QuoteV1.writer().begin(target, 60, 48),
      () => QuoteV1.writer().begin(target, -8, 48),
      () => QuoteV1.writer().begin(target, 0.5, 48),
      () => Depth.writer().begin(target, 4, Depth.writer().length()),
      () => Depth.writer().length({ bids: -1 }),
      () => Depth.writer().length({ note: 1.5 }),
      () => Depth.writer().length({ weights: 2 ** 32 }),
      () => Depth.writer().length({ weight: 1 } as never),
      () => Depth.writer().length({ tsEvent: 1 } as never),
      () => Depth.writer().length(5 as never),
      () => Depth.writer().length(null as never),
      () => QuoteV1.writer().length({ bid: 1 } as never),
    ]
    expect(calls.map(codeOf)).toEqual(calls.map(() => 'ERR_INVALID_ARGUMENT'))
  })

  it('keeps a matrix that can be absent out unless it is asked for', () => {
    const Model = message('Model', 5, { cov: matrix('f32', 2, 2).optional() })
    const writer = Model.writer()
    expect(writer.length()).toBe(8)
    expect(writer.length({ cov: true })).toBe(64 + 16)
    expect(Model.decode(Model.encode({}))).toEqual({})
    const cov = { rows: 2, columns: 2, data: Float32Array.of(1, 2, 3, 4) }
    expect(Model.decode(Model.encode({ cov }))).toEqual({ cov })
    expect(writer.length({ cov: false })).toBe(8)
    expect(codeOf(() => writer.length({ cov: 1 as never }))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('refuses to leave a matrix out that cannot be absent: no reader could read the field', () => {
    const Model = message('Model', 5, { cov: matrix('f32', 2, 2) })
    for (const cov of [false, 1, 4, null])
      expect(codeOf(() => Model.writer().length({ cov: cov as never }))).toBe('ERR_INVALID_ARGUMENT')
    expect(Model.writer().length({ cov: true })).toBe(Model.writer().length())
    expect(codeOf(() => Model.encode({} as never))).toBe('ERR_INVALID_ARGUMENT')
  })
})

describe('at the edges', () => {
  it('refuses names that JavaScript would reorder, names that are not identifiers, and names that objects need', () => {
    for (const name of ['0', '42', '', 'a b', 'a.b', '1a', '__proto__', 'constructor', 'toJSON', 'then', 'toString', 'valueOf']) {
      const fields: Fields = Object.fromEntries([[name, u8()]])
      if (name !== '__proto__')
        expect(
          codeOf(() => message('M', 1, fields)),
          name,
        ).toBe('ERR_INVALID_ARGUMENT')
      expect(
        codeOf(() => message('M', 1, { a: u8() }).since(2, fields)),
        name,
      ).toBe('ERR_INVALID_ARGUMENT')
      expect(
        codeOf(() => list(fields)),
        name,
      ).toBe('ERR_INVALID_ARGUMENT')
    }
  })

  it('refuses a name that is taken', () => {
    expect(codeOf(() => Quote.since(3, { bid: u8() }))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => Quote.since(3, { venue: u8() }))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('refuses names of messages, type ids and versions that a record cannot carry', () => {
    const fields = { a: u8() }
    for (const typeId of [-1, 65535, 1.5, Number.NaN])
      expect(codeOf(() => message('M', typeId, fields))).toBe('ERR_INVALID_ARGUMENT')
    for (const version of [0, 1, 2, 256, 2.5]) expect(codeOf(() => Quote.since(version, {}))).toBe('ERR_INVALID_ARGUMENT')
    for (const name of ['', '../x', 'a b', 'x'.repeat(200)])
      expect(codeOf(() => message(name, 1, fields))).toBe('ERR_INVALID_ARGUMENT')
    expect(message('M', 65534, fields).since(255, {}).version).toBe(255)
  })

  it('refuses a payload that is shorter than its block, and keeps the place that it had', () => {
    const data = Quote.encode(quote)
    const reader = Quote.reader()
    reader.wrap(view(data), 0, 50, 2)
    for (let length = 0; length < 50; length++)
      expect(codeOf(() => reader.wrap(view(data), 0, length, 2))).toBe('ERR_BAD_MESSAGE')
    expect(reader.body.symbol).toBe('BTC-USD')
    expect(codeOf(() => reader.wrap(view(data), 0, 51, 2))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('refuses a slot that leaves the payload, and reads nothing of the neighbour', () => {
    const data = Depth.encode(depth)
    const secret = new Uint8Array(data.length + 64).fill(0x73)
    const slots = Object.fromEntries(Depth.description.fields.map(({ name, offset }) => [name, offset]))
    for (const [name, at] of Object.entries(slots).filter(([field]) => field !== 'tsEvent')) {
      for (const [offset, count] of [
        [data.length - 4, 100],
        [8, 0xffff_ffff],
        [0xffff_ffff, 1],
        [data.length + 1, 0],
        [0, 3],
      ]) {
        secret.set(data)
        view(secret).setUint32(at as number, offset as number, true)
        view(secret).setUint32((at as number) + 4, count as number, true)
        const body = Depth.reader().wrap(view(secret), 0, data.length, 1) as Record<string, unknown>
        const error = thrownBy(() => body[name])
        expect(error, `${name} ${offset} ${count}`).toMatchObject({ code: 'ERR_BAD_MESSAGE', type: 'Depth', field: name })
      }
    }
  })

  it('reads the known prefix of a newer version', () => {
    const Newer = Quote.since(3, { extra: f64() })
    const data = Newer.encode({ ...quote, venue: 9, extra: 1.25 })
    expect(Quote.decode(data, 3)).toEqual({ ...quote, venue: 9 })
    expect(QuoteV1.decode(data, 200)).toEqual(quote)
    expect(Quote.decode(data, 1)).toEqual(quote)
  })

  it('reads an older version: what came later is absent, for any bytes after it', () => {
    const padded = new Uint8Array(64).fill(0x55)
    padded.set(QuoteV1.encode(quote))
    const body = Quote.reader().wrap(view(padded), 0, 64, 1)
    expect(body.venue).toBeUndefined()
    expect(Quote.decode(QuoteV1.encode(quote), 1)).toEqual(quote)
    expect(codeOf(() => Quote.decode(QuoteV1.encode(quote), 2))).toBe('ERR_BAD_MESSAGE')
  })

  it('takes version 0, of another writer, for version 1, if the payload is long enough', () => {
    const data = QuoteV1.encode(quote)
    expect(Quote.decode(data, 0)).toEqual(quote)
    expect(codeOf(() => Quote.decode(data.subarray(0, 47), 0))).toBe('ERR_BAD_MESSAGE')
  })

  it('refuses values out of range, and text that is too long or that the encoding cannot say', () => {
    const One = message('One', 6, {
      tiny: u8().optional(), signed: i8().optional(), wide: u64().optional(), long: i64().number().optional(), single: f32().optional(),
      side: enumOf(Side).optional(), text: ascii(4).optional(), note: utf8().optional(), data: bytes().optional(), time: timestampNs().optional(),
      price: decimal(2).optional(), ok: bool().optional(), point: complex('f32').optional(), row: array('u8', 2).optional(), vec: vector('i16').optional(),
      q: quantized('i8').optional(), items: list({ a: u8() }).optional(), cov: matrix('f64', 2, 2).optional(),
    }) // biome-ignore format: one table
    const wrong: [string, unknown][] = [
      ['tiny', 256], ['tiny', -1], ['tiny', 1.5], ['tiny', '1'], ['tiny', 5n], ['tiny', Number.NaN], ['tiny', null], ['tiny', 255], ['signed', 128], ['signed', -128],
      ['wide', 5], ['wide', -1n], ['wide', 2n ** 64n], ['wide', 2n ** 64n - 1n], ['long', 2 ** 53], ['long', 1n], ['long', 0.5], ['single', 1e39], ['single', '1'],
      ['side', 'bought'], ['side', 0], ['side', 'toString'], ['text', '12345'], ['text', 'é'], ['text', 'a\0'], ['text', 5], ['note', 5], ['note', '\ud800'],
      ['data', 'x'], ['data', [1]], ['time', 5], ['time', -1n], ['price', '1.234'], ['price', 'x'], ['price', 1], ['price', 2n ** 63n], ['price', '92233720368547758.08'],
      ['ok', 1], ['point', 5], ['point', { re: 1 }], ['point', { re: 1e39, im: 0 }], ['row', [1]], ['row', [1, 2, 3]], ['row', [1, 256]], ['row', [255, 255]], ['vec', [1, 2 ** 15]], ['vec', 5], ['vec', [1n]],
      ['q', [Number.NaN]], ['q', { values: [1, 200], scale: 1 }], ['q', { values: [1], scale: Number.NaN }], ['items', [{}]], ['items', [{ a: 1, b: 2 }]], ['items', 5], ['items', [5]],
      ['cov', [1, 2, 3]], ['nothing', 1],
    ] // biome-ignore format: one table
    for (const [name, value] of wrong) {
      const error = thrownBy(() => One.encode({ [name]: value } as never))
      expect(error, `${name} = ${String(value)}`).toMatchObject({ code: 'ERR_INVALID_ARGUMENT', category: 'usage' })
      expect(String(error)).toContain(`One.${name}`)
    }
  })

  it('keeps an optional array that holds the null value beside others, and NaN in all of a float array reads as absent', () => {
    const Rows = message('Rows', 13, { row: array('u8', 2).optional(), real: array('f64', 2).optional() })
    const value = Rows.decode(Rows.encode({ row: [255, 1], real: [Number.NaN, Number.NaN] }))
    expect(value).toEqual({ row: Uint8Array.of(255, 1) })
  })

  it('refuses an enum value that it does not know at the access of that field, not before', () => {
    const data = Quote.encode(quote)
    data[20] = 77
    const body = Quote.reader().wrap(view(data), 0, data.length, 2)
    expect(body.bid).toBe(1.5)
    expect(thrownBy(() => body.side)).toMatchObject({ code: 'ERR_BAD_MESSAGE', field: 'side' })
  })

  it('refuses a missing value and a field that the schema does not have', () => {
    const { ask: _ask, ...rest } = quote
    expect(codeOf(() => Quote.encode(rest as never))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => Quote.encode({ ...quote, asked: 1 } as never))).toBe('ERR_INVALID_ARGUMENT')
    for (const input of [null, undefined, 5, 'text'])
      expect(codeOf(() => Quote.encode(input as never))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('cannot be written through a body that is read', () => {
    const data = Quote.encode(quote)
    const body = Quote.reader().wrap(view(data), 0, data.length, 2) as { bid: number }
    expect(() => {
      body.bid = 3
    }).toThrow(TypeError)
  })
})

describe('kinds of field', () => {
  it('prints and copies a body', () => {
    const data = Depth.encode(depth)
    const body = Depth.reader().wrap(view(data), 0, data.length, 1)
    expect(JSON.parse(JSON.stringify(body))).toEqual({ ...depth, tsEvent: '5', cov: { rows: 2, columns: 2, data: [6, 7, 8, 9] } })
  })

  it('has numbers for 64-bit integers, exact to 2^53', () => {
    const Wide = message('Wide', 7, { a: i64().number(), b: u64().number() })
    for (const a of [0, -1, 1, -(2 ** 32), 2 ** 32, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])
      expect(Wide.decode(Wide.encode({ a, b: Math.abs(a) }))).toEqual({ a, b: Math.abs(a) })
    const data = Wide.encode({ a: 0, b: 0 })
    view(data).setBigUint64(8, 2n ** 53n, true)
    expect(codeOf(() => Wide.decode(data))).toBe('ERR_BAD_MESSAGE')
  })

  it('has flags that are asked and set by name', () => {
    const Car = message('Car', 8, {
      extras: flags(['sunRoof', 'sportsPack', 'cruiseControl']),
      far: flags({ last: 63, first: 0 }),
    })
    const writer = Car.writer()
    const data = new Uint8Array(writer.length())
    const body = writer.begin(view(data), 0, data.length)
    body.extras.add('sunRoof').add('cruiseControl').delete('sunRoof')
    body.far.set(['last'])
    expect(Car.decode(data)).toEqual({ extras: ['cruiseControl'], far: ['last'] })
    expect(view(data).getBigUint64(8, true)).toBe(2n ** 63n)
    expect(codeOf(() => body.extras.has('x' as never))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => body.extras.set(['sunRoof', 'x' as never]))).toBe('ERR_INVALID_ARGUMENT')
    expect(body.extras.names()).toEqual(['cruiseControl'])
  })

  it('has complex vectors as pairs of numbers', () => {
    const Wave = message('Wave', 9, { bins: vector('c64'), gain: complex() })
    const data = Wave.encode({ bins: [1, 2, 3, 4], gain: { re: 0.5, im: -0.5 } })
    expect(view(data).getUint32(4, true)).toBe(2)
    expect(Wave.decode(data)).toEqual({ bins: Float32Array.of(1, 2, 3, 4), gain: { re: 0.5, im: -0.5 } })
    expect(codeOf(() => Wave.encode({ bins: [1, 2, 3], gain: { re: 1, im: 1 } }))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('quantizes a vector within half a step of its scale', () => {
    const Embedding = message('Embedding', 10, { a: quantized('i8'), b: quantized('u8') })
    const numbers = [0.25, -1, 0.5, 0, 0.999]
    const data = Embedding.encode({ a: numbers, b: numbers })
    const body = Embedding.reader().wrap(view(data), 0, data.length)
    for (const field of [body.a, body.b]) {
      expect(field.length).toBe(5)
      for (const [index, number] of numbers.entries())
        expect(Math.abs(field.at(index) - number)).toBeLessThanOrEqual(field.scale * 0.5001)
      expect([...field.toFloat32Array()].map((value, index) => Math.abs(value - field.at(index)) < 1e-6)).not.toContain(false)
    }
    expect(Embedding.decode(Embedding.encode({ a: { values: [1, -2], scale: 0.5 }, b: [] }))).toEqual({
      a: { scale: 0.5, zeroPoint: 0, values: Int8Array.of(1, -2) },
      b: { scale: 0, zeroPoint: 0, values: new Uint8Array(0) },
    })
  })

  it('distinguishes an empty part from one that is absent', () => {
    const Maybe = message('Maybe', 11, { note: utf8().optional(), data: bytes().optional(), rows: list({ a: u8() }).optional() })
    expect(Maybe.decode(Maybe.encode({}))).toEqual({})
    const empty = { note: '', data: new Uint8Array(0), rows: [] }
    expect(Maybe.decode(Maybe.encode(empty))).toEqual(empty)
    const Plain = message('Plain', 12, { note: utf8(), data: bytes(), rows: list({ a: u8() }) })
    expect(Plain.decode(new Uint8Array(24))).toEqual(empty)
  })

  it('refuses an index outside of a list', () => {
    const data = Depth.encode(depth)
    const body = Depth.reader().wrap(view(data), 0, data.length)
    for (const index of [-1, 1, 0.5, Number.NaN]) expect(codeOf(() => body.bids.at(index))).toBe('ERR_INVALID_ARGUMENT')
    expect([...body.bids].length).toBe(1)
  })

  it('refuses definitions that no field can have', () => {
    const calls = [
      () => decimal(19), () => decimal(-1), () => ascii(0), () => array('u8', 0), () => array('u128' as never, 1), () => matrix('f64', 0, 1), () => matrix('f64', 2 ** 20, 2 ** 20),
      () => enumOf({}), () => enumOf({ a: 255 }), () => enumOf({ a: -1 }), () => enumOf({ a: 1, b: 1 }), () => enumOf({ a: 1.5 }), () => flags([]), () => flags({ a: 64 }),
      () => flags({ a: 1, b: 1 }), () => flags(['a', 'a']), () => flags(['a']).optional(), () => list({}), () => list({ a: utf8() }), () => vector('text' as never), () => quantized('i16' as never),
      () => message('M', 1, { a: 5 as never }), () => message('M', 1, null as never), () => complex('u8' as never),
    ] // biome-ignore format: one table
    expect(calls.map(codeOf)).toEqual(calls.map(() => 'ERR_INVALID_ARGUMENT'))
  })
})
