import {
  array,
  ascii,
  bool,
  bytes,
  complex,
  decimal,
  enumOf,
  type Field,
  type FieldTypes,
  f32,
  f64,
  flags,
  fromSbe,
  i64,
  isSchemaError,
  list,
  type MessageWriter,
  matrix,
  message,
  quantized,
  timestampNs,
  u8,
  u32,
  u64,
  utf8,
  vector,
} from '@chronicle-ts/schema'
import { describe, expect, it } from 'vitest'

/** What a program without types can give to a field. */
const values: readonly unknown[] = [
  ...[undefined, null, true, Number.NaN, -0, Number.POSITIVE_INFINITY, 2 ** 53, 2n ** 63n, 2n ** 64n, -(2n ** 63n)],
  ...['', 'abc', '\ud800', 'x'.repeat(70_000), Symbol('s'), () => 1, {}, Object.create(null), new Date(0), new Map()],
  ...[[], [1], [1, 2, 3], [1, 2, 3, 4], new Array(3), ['a'], [Symbol('s')], [null, null, null], [1n, 2n], [{}], [null]],
  ...[new Float64Array(4), new Uint8Array(65_535), new Uint8Array(new SharedArrayBuffer(4)), new DataView(new ArrayBuffer(4))],
  ...[new Set(['x']), new Set([Symbol('s')]), { [Symbol.iterator]: 5 }, { names: 5 }, { names: () => 5 }, { names: () => ['x'] }],
  ...[{ length: 2, 0: 1, 1: 2 }, { length: -1 }, { length: Number.NaN }, { length: 2 ** 40 }, { length: '3' }],
  ...[{ scale: 1 }, { scale: 1, values: null }, { scale: 1, values: 5 }, { scale: '1', values: [1] }, { scale: 1n, values: [1] }],
  ...[
    { scale: Symbol('s'), values: [1] },
    { scale: 1, values: [1], zeroPoint: 1n },
    { scale: 1, values: [1, 2, 3], zeroPoint: 0.5 },
  ],
  ...[{ scale: 3, mantissa: 5 }, { scale: 3, mantissa: 5n }, { data: null }, { data: [1, 2, 3, 4] }, { data: Symbol('s') }],
  ...[{ re: '1', im: null }, { re: 1n, im: 1 }, { re: Symbol('s'), im: 1 }, Object(5), Object('ab'), new Proxy([1, 2, 3], {})],
  ...[[{ a: 1, d: '1' }], [{ a: 1, d: '1', z: 1 }], [{ a: 256, d: '1' }], [{ a: 1, d: null }]],
]

const fields: Readonly<Record<string, Field<FieldTypes>>> = {
  u8: u8(),
  u32: u32(),
  u64: u64(),
  'i64 as a number': i64().number(),
  f32: f32(),
  f64: f64(),
  bool: bool(),
  timestampNs: timestampNs(),
  enum: enumOf({ a: 0, b: 1 }),
  'enum of two bytes': enumOf({ a: 0, b: 1 }, { type: 'u16' }),
  flags: flags(['x', 'y']),
  decimal: decimal(3),
  complex: complex(),
  ascii: ascii(4),
  'long ascii': ascii(40),
  array: array('u16', 3),
  'array of bigints': array('u64', 2),
  vector: vector('f64'),
  'vector of bigints': vector('u64'),
  'vector of complex numbers': vector('c64'),
  matrix: matrix('f32', 2, 2),
  'quantized i8': quantized('i8'),
  'quantized u8': quantized('u8'),
  utf8: utf8(),
  bytes: bytes(),
  list: list({ a: u8(), d: decimal(1) }),
}

const COUNTED = ['vector', 'list', 'quantized', 'utf8', 'bytes']

describe.each(Object.entries(fields))('a field of kind %s', (_kind, field) => {
  const forms = field.spec.kind === 'flags' ? [field] : [field, field.optional()]

  it('stores what it is given, or refuses it with a code, whichever way it is given', () => {
    for (const form of forms) {
      const type = message('Odd', 1, { x: form })
      const isCounted = COUNTED.includes(form.spec.kind)
      const writer = type.writer() as MessageWriter<{ x: unknown }, Record<string, unknown>>
      for (const value of values) {
        refusedOrDone(() => type.decode(type.encode({ x: value })))
        for (const sizes of isCounted ? [{ x: 3 }, { x: 0 }, {}] : [{}]) refusedOrDone(() => set(writer, sizes, value))
      }
    }
  })
})

function set(
  writer: MessageWriter<{ x: unknown }, Record<string, unknown>>,
  sizes: Record<string, unknown>,
  value: unknown,
): void {
  const length = writer.length(sizes)
  const body = writer.begin(new DataView(new ArrayBuffer(length)), 0, length, sizes)
  body.x = value
  const part = body.x as { set?: (value: unknown) => void } | undefined
  // Arrays have a method of that name, which is the engine's.
  if (typeof part === 'object' && !ArrayBuffer.isView(part)) part.set?.(value)
}

function refusedOrDone(call: () => unknown): void {
  try {
    call()
  } catch (error) {
    expect(isSchemaError(error, 'ERR_INVALID_ARGUMENT'), String(error)).toBe(true)
  }
}

describe('refused as a value', () => {
  const refusal = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' })

  it.each(['array', 'vector', 'vector of bigints', 'vector of complex numbers', 'quantized i8', 'bytes'])(
    'for %s is an array whose memory went to another thread: it would be stored as an empty one',
    (kind) => {
      const type = message('Odd', 1, { x: fields[kind] as Field<FieldTypes> })
      const values = new Uint8Array(3)
      structuredClone(values, { transfer: [values.buffer] })
      expect(() => type.encode({ x: values })).toThrow(refusal)
      const writer = type.writer() as MessageWriter<{ x: unknown }, Record<string, unknown>>
      for (const sizes of kind === 'array' ? [{}] : [{}, { x: 0 }]) expect(() => set(writer, sizes, values)).toThrow(refusal)
    },
  )

  it('is a decimal whose mantissa is a text, which would mean another number', () => {
    const type = message('Odd', 1, { x: decimal(3) })
    expect(type.decode(type.encode({ x: { scale: 3, mantissa: 5n } as never }))).toEqual({ x: '0.005' })
    expect(() => type.encode({ x: { scale: 3, mantissa: '5' } as never })).toThrow(refusal)
  })
})

describe('sizes that say more when they are read again', () => {
  const Flat = message('Flat', 1, { x: utf8(), y: vector('f64'), z: list({ a: u8() }) })
  const Sbe = fromSbe(`<messageSchema package="p" id="1" version="0"><types>
    <composite name="messageHeader"><type name="blockLength" primitiveType="uint16"/><type name="templateId" primitiveType="uint16"/>
    <type name="schemaId" primitiveType="uint16"/><type name="version" primitiveType="uint16"/></composite>
    <composite name="groupSizeEncoding"><type name="blockLength" primitiveType="uint16"/><type name="numInGroup" primitiveType="uint16"/></composite>
    <composite name="text"><type name="length" primitiveType="uint16"/><type name="varData" primitiveType="uint8" length="0"/></composite></types>
    <message name="M" id="1"><group name="x" id="1"><field name="a" id="2" type="uint8"/></group>
    <data name="y" id="3" type="text"/><data name="z" id="4" type="text"/></message></messageSchema>`).messages['M']

  it.each([
    ['flat1', Flat, 'x'],
    ['flat1', Flat, 'y'],
    ['flat1', Flat, 'z'],
    ['SBE', Sbe, 'x'],
    ['SBE', Sbe, 'y'],
  ])('are refused, and no byte after the message changes: %s, %#', (_encoding, type, part) => {
    const writer = type?.writer() as MessageWriter<Record<string, unknown>, Record<string, unknown>>
    let refusals = 0
    for (let honest = 1; honest < 9; honest++) {
      let reads = 0
      const sizes = Object.defineProperty({ x: 1, y: 1, z: 1 } as Record<string, unknown>, part, {
        get: () => (reads++ < honest ? 1 : 600),
        enumerable: true,
      })
      const bytes = new Uint8Array(4096).fill(0xcc)
      let length = 4096
      try {
        length = writer.length(sizes)
        const body = writer.begin(new DataView(bytes.buffer), 0, length, sizes)
        body[part] = part === 'x' ? 'x'.repeat(600) : new Array(600).fill(1)
      } catch (error) {
        expect(isSchemaError(error), String(error)).toBe(true)
        refusals++
      }
      expect(bytes.subarray(length).every((byte) => byte === 0xcc)).toBe(true)
    }
    expect(refusals).toBe(8)
  })
})

it('memory that went to another thread is refused where a message is read and where one is written', () => {
  const refusal = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' })
  const type = message('Odd', 1, { x: u8() })
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  structuredClone(bytes, { transfer: [bytes.buffer] })
  expect(() => type.decode(bytes)).toThrow(refusal)
  expect(() => type.reader().wrap(view, 0, 1)).toThrow(refusal)
  expect(() => type.writer().begin(view, 0, 1)).toThrow(refusal)
})
