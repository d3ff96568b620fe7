import { create, createFileRegistry, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { codeOf, thrownBy } from '../../test/support/thrown.js'
import {
  type AnyMessageType,
  createDecoder,
  encodeSchema,
  f64,
  jsonMessage,
  message,
  messageFromDescription,
  msgpackMessage,
  parseSchema,
} from '../index.js'
import { protobufMessage } from '../protobuf.js'

interface Entry {
  text: string
  tags: string[]
}
const entry: Entry = { text: 'grüße 🍺', tags: ['a', 'b'] }

/** quote.proto: message Quote { double bid = 1; string symbol = 2; bytes raw = 3; repeated uint64 ids = 4; } */
function quoteSchema(): DescMessage {
  const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label
  const { DOUBLE, STRING, BYTES, UINT64 } = FieldDescriptorProto_Type
  const field = (name: string, number: number, type: FieldDescriptorProto_Type, label = OPTIONAL) => ({
    name,
    number,
    type,
    label,
    jsonName: name,
  })
  const fields = [field('bid', 1, DOUBLE), field('symbol', 2, STRING), field('raw', 3, BYTES), field('ids', 4, UINT64, REPEATED)]
  const set = create(FileDescriptorSetSchema, {
    file: [{ name: 'quote.proto', package: 'test', syntax: 'proto3', messageType: [{ name: 'Quote', field: fields }] }],
  })
  const found = createFileRegistry(set).getMessage('test.Quote')
  if (found === undefined) throw new Error('no message')
  return found
}

const schema = quoteSchema()
const quote = { bid: 1.5, symbol: 'BTC', raw: Uint8Array.of(1, 2), ids: [1n, 2n ** 63n] }
const types: [AnyMessageType, unknown][] = [
  [jsonMessage<Entry>('Entry', 1), entry],
  [msgpackMessage<Entry>('Packed', 2), entry],
  [protobufMessage('Quote', 3, schema), create(schema, quote as never)],
  [message('Flat', 4, { bid: f64() }), { bid: 2.5 }],
]

describe.each(types)('the codec of $encoding', (type, value) => {
  it('gives back what was encoded, alone and in place', () => {
    expect(type.decode(type.encode(value))).toEqual(value)
    const encoder = type.encoder()
    const length = encoder.prepare(value)
    const target = new Uint8Array(length + 24).fill(0xaa)
    encoder.write(new DataView(target.buffer), 8)
    expect([...target.subarray(0, 8), ...target.subarray(length + 8)].every((byte) => byte === 0xaa)).toBe(true)
    const reader = type.reader()
    const body = reader.wrap(new DataView(target.buffer), 8, length, 1)
    if (type.encoding !== 'flat1') expect(body).toEqual(value)
    expect(reader.value()).toEqual(value)
    target.fill(0)
    if (type.encoding !== 'flat1') expect(reader.value()).toEqual(value)
  })

  it('decodes through the same decoder as all others', () => {
    const decoder = createDecoder(types.map(([one]) => one))
    const bytes = type.encode(value)
    const received = decoder.decode(
      { typeId: type.typeId, version: 1 },
      new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      0,
      bytes.length,
    )
    expect(received?.type).toBe(type.name)
    expect(decoder.decode({ typeId: 77 }, new DataView(bytes.buffer), 0, 0)).toBeUndefined()
  })

  it('writes what was prepared, once', () => {
    const encoder = type.encoder()
    const target = new DataView(new ArrayBuffer(1000))
    expect(codeOf(() => encoder.write(target, 0))).toBe('ERR_INVALID_ARGUMENT')
    encoder.prepare(value)
    expect(codeOf(() => encoder.write(target, 1000))).toBe('ERR_INVALID_ARGUMENT')
  })

  it('is made again of its registry file', () => {
    const again = messageFromDescription(parseSchema(encodeSchema(type.description)))
    expect(again.encode(type.decode(type.encode(value)))).toEqual(type.encode(value))
    expect(again.fingerprint).toBe(type.fingerprint)
  })

  it('refuses bytes that are something else', () => {
    expect(thrownBy(() => type.decode(Uint8Array.of(0xff, 0xc1, 0x7f)))).toMatchObject({
      code: 'ERR_BAD_MESSAGE',
      type: type.name,
    })
    expect(codeOf(() => type.reader().wrap(new DataView(new ArrayBuffer(4)), 2, 4))).toBe('ERR_INVALID_ARGUMENT')
  })
})

it('refuses what JSON cannot hold', () => {
  const json = jsonMessage<unknown>('Json', 1)
  const cycle: unknown[] = []
  cycle.push(cycle)
  for (const value of [undefined, () => 1, 5n, { a: 5n }, cycle])
    expect(codeOf(() => json.encode(value))).toBe('ERR_INVALID_ARGUMENT')
  expect(json.decode(json.encode(null))).toBeNull()
  expect(codeOf(() => json.decode(Uint8Array.of(0x22, 0xff, 0x22)))).toBe('ERR_BAD_MESSAGE')
})

it('asks the check of the program', () => {
  const check = (value: unknown): number => {
    if (typeof value !== 'number') throw new Error('not a number')
    return value * 2
  }
  for (const type of [jsonMessage('Json', 1, { check }), msgpackMessage('Pack', 2, { check })]) {
    expect(type.decode(type.encode(21))).toBe(42)
    expect(thrownBy(() => type.decode(type.encode('x' as never)))).toMatchObject({ code: 'ERR_BAD_MESSAGE' })
  }
})

it('takes an error of another type, which a check uses, for what it is: the message is bad', () => {
  const inner = jsonMessage<unknown>('Inner', 9)
  const checks = [
    () => inner.encode(undefined),
    () => inner.decode(Uint8Array.of(0xff)),
    () => {
      throw null
    },
  ]
  for (const check of checks)
    expect(thrownBy(() => jsonMessage('Outer', 1, { check }).decode(Buffer.from('1')))).toMatchObject({
      code: 'ERR_BAD_MESSAGE',
      type: 'Outer',
    })
})

it('packs every message of MessagePack by itself, so that it is read after a seek', () => {
  const type = msgpackMessage<Entry>('Packed', 2)
  type.encode({ text: 'first', tags: [] })
  expect(new Packr({ useRecords: false }).unpack(type.encode(entry))).toEqual(entry)
})

it('writes what the library of Protocol Buffers reads, and refuses what it refuses', () => {
  const type = protobufMessage('Quote', 3, schema)
  const bytes = type.encode(quote as never)
  expect(fromBinary(schema, bytes)).toEqual(create(schema, quote as never))
  expect(bytes).toEqual(toBinary(schema, create(schema, quote as never)))
  expect(codeOf(() => type.encode({ ids: ['x'] } as never))).toBe('ERR_INVALID_ARGUMENT')
})

it.each([undefined, null, 5, {}, { file: null }])('defines no message of Protocol Buffers by %o', (given) => {
  expect(codeOf(() => protobufMessage('Proto', 1, given as never))).toBe('ERR_INVALID_ARGUMENT')
})

it.each([undefined, null, 5, [null], [5]])('makes no decoder of %o', (types) => {
  expect(codeOf(() => createDecoder(types as never))).toBe('ERR_INVALID_ARGUMENT')
})

it('refuses two types with one name or one typeId', () => {
  const one = jsonMessage('One', 1)
  expect(codeOf(() => createDecoder([one, jsonMessage('Two', 1)]))).toBe('ERR_INVALID_ARGUMENT')
  expect(codeOf(() => createDecoder([one, jsonMessage('One', 2)]))).toBe('ERR_INVALID_ARGUMENT')
})
