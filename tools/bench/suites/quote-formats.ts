import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { Builder, ByteBuffer } from 'flatbuffers'
import { Packr } from 'msgpackr'
import { QUOTE, type QuoteFields, sumOfAll, sumOfFour } from './typed-quotes.js'

/** Another format: what a program without typed queues does before `append` and after `next`. */
export interface QuoteFormat {
  readonly name: string
  encode(): Uint8Array
  sumOfFour(payload: Uint8Array): number
  sumOfAll(payload: Uint8Array): number
}

/** A format whose decoder makes an object of all fields. */
function decoding(name: string, encode: () => Uint8Array, decode: (payload: Uint8Array) => QuoteFields): QuoteFormat {
  return {
    name,
    encode,
    sumOfFour: (payload) => sumOfFour(decode(payload)),
    sumOfAll: (payload) => sumOfAll(decode(payload)),
  }
}

export function jsonFormat(): QuoteFormat {
  return decoding(
    'JSON',
    () => Buffer.from(JSON.stringify(QUOTE)),
    ({ buffer, byteOffset, length }) => JSON.parse(Buffer.from(buffer, byteOffset, length).toString()),
  )
}

export function msgpackrFormat(): QuoteFormat {
  const packr = new Packr({ useRecords: false })
  return decoding(
    'msgpackr',
    () => packr.pack(QUOTE),
    (payload) => packr.unpack(payload),
  )
}

/** The names of the fields go over once, not with every message: a form that no schema version of a queue stands for. */
export function msgpackrRecordsFormat(): QuoteFormat {
  const packr = new Packr({ useRecords: true })
  return decoding(
    'msgpackr records',
    () => packr.pack(QUOTE),
    (payload) => packr.unpack(payload),
  )
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
  return decoding(
    'protobuf-es',
    () => toBinary(schema, create(schema, QUOTE)),
    (payload) => fromBinary(schema, payload) as unknown as QuoteFields,
  )
}

/** A table with its slots, as flatc writes it. */
class FlatQuote implements QuoteFields {
  readonly #buffer: ByteBuffer
  readonly #table: number

  constructor(payload: Uint8Array) {
    this.#buffer = new ByteBuffer(payload)
    this.#table = this.#buffer.readInt32(this.#buffer.position()) + this.#buffer.position()
  }

  get tsEvent(): number {
    return this.#buffer.readFloat64(this.#at(4))
  }
  get bid(): number {
    return this.#buffer.readFloat64(this.#at(6))
  }
  get ask(): number {
    return this.#buffer.readFloat64(this.#at(8))
  }
  get bidSize(): number {
    return this.#buffer.readFloat64(this.#at(10))
  }
  get askSize(): number {
    return this.#buffer.readFloat64(this.#at(12))
  }
  get instrumentId(): number {
    return this.#buffer.readUint32(this.#at(14))
  }
  get venue(): number {
    return this.#buffer.readUint16(this.#at(16))
  }
  get side(): string {
    return this.#buffer.readUint8(this.#at(18)) === 1 ? 'sell' : 'buy'
  }
  get symbol(): string {
    return String(this.#buffer.__string(this.#at(20)))
  }

  #at(slot: number): number {
    return this.#table + this.#buffer.__offset(this.#table, slot)
  }
}

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
  return decoding('FlatBuffers', encode, (payload) => new FlatQuote(payload))
}

export const FORMATS = [jsonFormat, msgpackrFormat, protobufFormat, flatbuffersFormat]
