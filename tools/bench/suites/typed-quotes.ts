import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { ascii, enumOf, f64, message, u16, u32, u64 } from '@chronicle-ts/schema'
import { Builder, ByteBuffer } from 'flatbuffers'
import { Packr } from 'msgpackr'

/** The quote that all formats hold. */
export const QUOTE = {
  tsEvent: 1_700_000_000_000_000,
  bid: 60123.5,
  ask: 60124,
  bidSize: 1.25,
  askSize: 0.5,
  instrumentId: 7,
  venue: 3,
  side: 'sell',
  symbol: 'BTC-USD',
} as const

/** Sum of the four fields that the reading candidates read. */
export const SUM_OF_FOUR = QUOTE.bid + QUOTE.ask + QUOTE.bidSize + QUOTE.instrumentId

export const Quote = message('Quote', 1, {
  tsEvent: u64().number(),
  bid: f64(),
  ask: f64(),
  bidSize: f64(),
  askSize: f64(),
  instrumentId: u32(),
  venue: u16(),
  side: enumOf({ buy: 0, sell: 1 }),
  symbol: ascii(8),
})
export const Trade = message('Trade', 2, { price: f64() })

/** Bytes of a quote in flat1. */
export const QUOTE_LENGTH = Quote.writer().length()

/** Another format: what a program without typed queues does before `append` and after `next`. */
export interface QuoteFormat {
  readonly name: string
  encode(): Uint8Array
  sumOfFour(payload: Uint8Array): number
}

/** Stores a quote as a generator for this layout would write it, without a check of any value. */
export function storeByHand(view: DataView): void {
  view.setUint32(0, QUOTE.tsEvent >>> 0, true)
  view.setUint32(4, Math.floor(QUOTE.tsEvent / 0x1_0000_0000), true)
  view.setFloat64(8, QUOTE.bid, true)
  view.setFloat64(16, QUOTE.ask, true)
  view.setFloat64(24, QUOTE.bidSize, true)
  view.setFloat64(32, QUOTE.askSize, true)
  view.setUint32(40, QUOTE.instrumentId, true)
  view.setUint16(44, QUOTE.venue, true)
  view.setUint8(46, 1)
  for (let at = 0; at < 8; at++) view.setUint8(47 + at, at < QUOTE.symbol.length ? QUOTE.symbol.charCodeAt(at) : 0)
}

export function jsonFormat(): QuoteFormat {
  return {
    name: 'JSON',
    encode: () => Buffer.from(JSON.stringify(QUOTE)),
    sumOfFour(payload) {
      const q = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString()) as typeof QUOTE
      return q.bid + q.ask + q.bidSize + q.instrumentId
    },
  }
}

export function msgpackrFormat(): QuoteFormat {
  const packr = new Packr({ useRecords: false })
  return {
    name: 'msgpackr',
    encode: () => packr.pack(QUOTE),
    sumOfFour(payload) {
      const q = packr.unpack(payload) as typeof QUOTE
      return q.bid + q.ask + q.bidSize + q.instrumentId
    },
  }
}

export function protobufFormat(): QuoteFormat {
  const { DOUBLE, UINT32, STRING } = FieldDescriptorProto_Type
  const types = [DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, UINT32, UINT32, STRING, STRING]
  const label = FieldDescriptorProto_Label.OPTIONAL
  const field = Object.keys(QUOTE).map((name, index) => ({
    name,
    number: index + 1,
    type: types[index] as number,
    label,
    jsonName: name,
  }))
  const file = [{ name: 'q.proto', syntax: 'proto3', messageType: [{ name: 'Quote', field }] }]
  const schema = createFileRegistry(create(FileDescriptorSetSchema, { file })).getMessage('Quote')
  if (schema === undefined) throw new Error('the descriptor has no Quote')
  return {
    name: 'protobuf-es',
    encode: () => toBinary(schema, create(schema, QUOTE)),
    sumOfFour(payload) {
      const q = fromBinary(schema, payload) as unknown as typeof QUOTE
      return q.bid + q.ask + q.bidSize + q.instrumentId
    },
  }
}

/** Slots of a FlatBuffers table, as flatc numbers them. */
const SLOTS = { bid: 6, ask: 8, bidSize: 10, instrumentId: 14 }

export function flatbuffersFormat(): QuoteFormat {
  const builder = new Builder(256)
  const encode = () => {
    builder.clear()
    const symbol = builder.createString(QUOTE.symbol)
    builder.startObject(9)
    builder.addFieldFloat64(0, QUOTE.tsEvent, 0)
    builder.addFieldFloat64(1, QUOTE.bid, 0)
    builder.addFieldFloat64(2, QUOTE.ask, 0)
    builder.addFieldFloat64(3, QUOTE.bidSize, 0)
    builder.addFieldFloat64(4, QUOTE.askSize, 0)
    builder.addFieldInt32(5, QUOTE.instrumentId, 0)
    builder.addFieldInt16(6, QUOTE.venue, 0)
    builder.addFieldInt8(7, 1, 0)
    builder.addFieldOffset(8, symbol, 0)
    builder.finish(builder.endObject())
    return builder.asUint8Array()
  }
  return {
    name: 'FlatBuffers',
    encode,
    sumOfFour(payload) {
      const buffer = new ByteBuffer(payload)
      const table = buffer.readInt32(buffer.position()) + buffer.position()
      const at = (slot: number) => table + buffer.__offset(table, slot)
      const floats = buffer.readFloat64(at(SLOTS.bid)) + buffer.readFloat64(at(SLOTS.ask)) + buffer.readFloat64(at(SLOTS.bidSize))
      return floats + buffer.readUint32(at(SLOTS.instrumentId))
    },
  }
}

export const FORMATS = [jsonFormat, msgpackrFormat, protobufFormat, flatbuffersFormat]
