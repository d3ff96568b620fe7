// The peers of the benchmark: each encodes a quote, reads four of its fields, and reads all of them.
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { ascii, enumOf, f64, jsonMessage, message, u16, u32, u64 } from '@chronicle-ts/schema'
import { Builder, ByteBuffer } from 'flatbuffers'
import { Packr } from 'msgpackr'

const NAMES = ['tsEvent', 'bid', 'ask', 'bidSize', 'askSize', 'instrumentId', 'venue', 'side', 'symbol']
const value = {
  tsEvent: 1_700_000_000_000_000,
  bid: 60123.5,
  ask: 60124,
  bidSize: 1.25,
  askSize: 0.5,
  instrumentId: 7,
  venue: 3,
  side: 'sell',
  symbol: 'BTC-USD',
}

const sumOfFour = (q) => q.bid + q.ask + q.bidSize + q.instrumentId
const sumOfAll = (q) =>
  q.tsEvent + q.bid + q.ask + q.bidSize + q.askSize + q.instrumentId + q.venue + (q.side === 'sell' ? 1 : 0) + q.symbol.length

/** Fills a draft of flat1, field by field. */
function fill(draft) {
  draft.tsEvent = value.tsEvent
  draft.bid = value.bid
  draft.ask = value.ask
  draft.bidSize = value.bidSize
  draft.askSize = value.askSize
  draft.instrumentId = value.instrumentId
  draft.venue = value.venue
  draft.side = value.side
  draft.symbol = value.symbol
}

function schemaPeer() {
  const Quote = message('Quote', 1, {
    tsEvent: u64().number(), bid: f64(), ask: f64(), bidSize: f64(), askSize: f64(), instrumentId: u32(), venue: u16(), side: enumOf({ buy: 0, sell: 1 }), symbol: ascii(8),
  }) // biome-ignore format: one line per benchmark
  const writer = Quote.writer({ zeroed: true })
  const reader = Quote.reader()
  const length = writer.length()
  const view = new DataView(new ArrayBuffer(64))
  return {
    bytes: length,
    encode: () => fill(writer.begin(view, 0, length)),
    readFour: () => sumOfFour(reader.wrap(view, 0, length, 1)),
    readAll: () => sumOfAll(reader.wrap(view, 0, length, 1)),
  }
}

/** What a generator would write for the same layout: the floor. */
class GeneratedQuote {
  view = new DataView(new ArrayBuffer(64))
  base = 0
  wrap(view, base) {
    this.view = view
    this.base = base
    return this
  }
  get tsEvent() { return this.view.getUint32(this.base + 4, true) * 0x1_0000_0000 + this.view.getUint32(this.base, true) }
  set tsEvent(v) { this.view.setUint32(this.base, v >>> 0, true); this.view.setUint32(this.base + 4, Math.floor(v / 0x1_0000_0000), true) }
  get bid() { return this.view.getFloat64(this.base + 8, true) }
  set bid(v) { this.view.setFloat64(this.base + 8, v, true) }
  get ask() { return this.view.getFloat64(this.base + 16, true) }
  set ask(v) { this.view.setFloat64(this.base + 16, v, true) }
  get bidSize() { return this.view.getFloat64(this.base + 24, true) }
  set bidSize(v) { this.view.setFloat64(this.base + 24, v, true) }
  get askSize() { return this.view.getFloat64(this.base + 32, true) }
  set askSize(v) { this.view.setFloat64(this.base + 32, v, true) }
  get instrumentId() { return this.view.getUint32(this.base + 40, true) }
  set instrumentId(v) { this.view.setUint32(this.base + 40, v, true) }
  get venue() { return this.view.getUint16(this.base + 44, true) }
  set venue(v) { this.view.setUint16(this.base + 44, v, true) }
  get side() { return this.view.getUint8(this.base + 46) === 1 ? 'sell' : 'buy' }
  set side(v) { this.view.setUint8(this.base + 46, v === 'sell' ? 1 : 0) }
  get symbol() {
    let text = ''
    for (let at = 0; at < 8; at++) {
      const code = this.view.getUint8(this.base + 47 + at)
      if (code === 0) break
      text += String.fromCharCode(code)
    }
    return text
  }
  set symbol(v) { for (let at = 0; at < 8; at++) this.view.setUint8(this.base + 47 + at, at < v.length ? v.charCodeAt(at) : 0) }
} // biome-ignore format: as a generator writes it

function generatedPeer() {
  const view = new DataView(new ArrayBuffer(64))
  const quote = new GeneratedQuote()
  return {
    bytes: 55,
    encode: () => fill(quote.wrap(view, 0)),
    readFour: () => sumOfFour(quote.wrap(view, 0)),
    readAll: () => sumOfAll(quote.wrap(view, 0)),
  }
}

function jsonPeer() {
  const type = jsonMessage('Quote', 2)
  const bytes = type.encode(value)
  return {
    bytes: bytes.length,
    encode: () => type.encode(value),
    readFour: () => sumOfFour(type.decode(bytes)),
    readAll: () => sumOfAll(type.decode(bytes)),
  }
}

function msgpackPeer(useRecords) {
  const packr = new Packr({ useRecords })
  const bytes = Uint8Array.prototype.slice.call(packr.pack(value))
  return {
    bytes: bytes.length,
    encode: () => packr.pack(value),
    readFour: () => sumOfFour(packr.unpack(bytes)),
    readAll: () => sumOfAll(packr.unpack(bytes)),
  }
}

function protobufPeer() {
  const { DOUBLE, UINT32, STRING } = FieldDescriptorProto_Type
  const types = [DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, UINT32, UINT32, STRING, STRING]
  const field = NAMES.map((name, index) => ({
    name,
    number: index + 1,
    type: types[index],
    label: FieldDescriptorProto_Label.OPTIONAL,
    jsonName: name,
  }))
  const set = create(FileDescriptorSetSchema, {
    file: [{ name: 'q.proto', syntax: 'proto3', messageType: [{ name: 'Quote', field }] }],
  })
  const schema = createFileRegistry(set).getMessage('Quote')
  const bytes = toBinary(schema, create(schema, value))
  return {
    bytes: bytes.length,
    encode: () => toBinary(schema, create(schema, value)),
    readFour: () => sumOfFour(fromBinary(schema, bytes)),
    readAll: () => sumOfAll(fromBinary(schema, bytes)),
  }
}

/** A table as flatc writes one. */
class FlatQuote {
  constructor(buffer) {
    this.bb = buffer
    this.pos = buffer.readInt32(buffer.position()) + buffer.position()
  }
  number(slot, read) {
    const offset = this.bb.__offset(this.pos, slot)
    return offset ? this.bb[read](this.pos + offset) : 0
  }
  get tsEvent() { return this.number(4, 'readFloat64') }
  get bid() { return this.number(6, 'readFloat64') }
  get ask() { return this.number(8, 'readFloat64') }
  get bidSize() { return this.number(10, 'readFloat64') }
  get askSize() { return this.number(12, 'readFloat64') }
  get instrumentId() { return this.number(14, 'readUint32') }
  get venue() { return this.number(16, 'readUint16') }
  get side() { return this.number(18, 'readUint8') === 1 ? 'sell' : 'buy' }
  get symbol() { return this.bb.__string(this.pos + this.bb.__offset(this.pos, 20)) }
} // biome-ignore format: as flatc writes it

function flatbuffersPeer() {
  const builder = new Builder(256)
  const encode = () => {
    builder.clear()
    const symbol = builder.createString(value.symbol)
    builder.startObject(9)
    builder.addFieldFloat64(0, value.tsEvent, 0)
    builder.addFieldFloat64(1, value.bid, 0)
    builder.addFieldFloat64(2, value.ask, 0)
    builder.addFieldFloat64(3, value.bidSize, 0)
    builder.addFieldFloat64(4, value.askSize, 0)
    builder.addFieldInt32(5, value.instrumentId, 0)
    builder.addFieldInt16(6, value.venue, 0)
    builder.addFieldInt8(7, value.side === 'sell' ? 1 : 0, 0)
    builder.addFieldOffset(8, symbol, 0)
    builder.finish(builder.endObject())
    return builder.asUint8Array()
  }
  const bytes = encode().slice()
  const read = () => new FlatQuote(new ByteBuffer(bytes))
  return { bytes: bytes.length, encode, readFour: () => sumOfFour(read()), readAll: () => sumOfAll(read()) }
}

const PEERS = {
  generated: generatedPeer,
  flat1: schemaPeer,
  JSON: jsonPeer,
  msgpackr: () => msgpackPeer(false),
  'msgpackr records': () => msgpackPeer(true),
  'protobuf-es': protobufPeer,
  FlatBuffers: flatbuffersPeer,
}

/** Makes one peer only: the functions above are compiled for the shape that they see. */
export function createPeer(name) {
  return PEERS[name]()
}
