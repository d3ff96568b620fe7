import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  CONTROL_LENGTH,
  decodeControl,
  decodeControlIdentity,
  decodeRecordHeader,
  decodeSourcePosition,
  decodeTraceContext,
  encodeControl,
  encodeRecord,
  encodeSourcePosition,
  isSameControlFile,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_LENGTH,
  RECORD_TRACE_ID_OFFSET,
  recordFlagsProblem,
  recordLength,
  schemaVersionOf,
  storeControlIdentity,
  traceFlagsOf,
  viewOf,
} from '../../src/format/index.js'
import { openObserver, openWriter } from '../../src/index.js'
import { readBytes, segmentFile } from '../support/raw-queue.js'
import { temporaryDirectory } from '../support/temporary.js'

interface Vector {
  readonly record: {
    sequence: number
    timestampNs: string
    typeId: number
    text: string
    writerEpoch?: number
    schemaVersion?: number
  }
  readonly traceContext?: { traceId: string; spanId: string; sampled?: boolean; random?: boolean }
  readonly source?: Parameters<typeof encodeSourcePosition>[0]
  readonly flags: number
  readonly header: string
}

const vectors = JSON.parse(readFileSync(new URL('extensions.json', import.meta.url), 'utf8'))
const records: readonly [string, Vector][] = Object.entries(vectors.records)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

/** The record that a vector describes, as the codec writes it. */
function encoded({ record, traceContext, source }: Vector): Uint8Array {
  const { timestampNs, text, ...plain } = record
  const payload = Buffer.from(text)
  const bytes = new Uint8Array(recordLength(payload.length))
  const trace = traceContext && {
    ...traceContext,
    traceId: bytesOf(traceContext.traceId),
    spanId: bytesOf(traceContext.spanId),
  }
  encodeRecord(
    bytes,
    0,
    {
      ...plain,
      timestampNs: BigInt(timestampNs),
      payload,
      ...(trace === undefined ? {} : { traceContext: trace }),
      ...(source === undefined ? {} : { sourcePosition: encodeSourcePosition(source, crc32) }),
    },
    crc32,
  )
  return bytes
}

describe('the golden records of the extensions', () => {
  it.each(records)('%s: is written and read byte by byte as the vector says', (_, vector) => {
    const bytes = encoded(vector)
    expect(hex(bytes.subarray(0, RECORD_HEADER_LENGTH))).toBe(vector.header)
    const view = viewOf(bytes)
    const { flags } = decodeRecordHeader(view, 0)
    expect(flags).toBe(vector.flags)
    expect(schemaVersionOf(flags)).toBe(vector.record.schemaVersion ?? 0)
    expect(recordFlagsProblem(flags)).toBeUndefined()
    const { traceContext: trace, source } = vector
    expect(traceFlagsOf(flags)).toBe((trace?.sampled ? 1 : 0) + (trace?.random ? 2 : 0))
    if (source !== undefined) expect(decodeSourcePosition(view, 0, crc32)).toEqual(source)
    if (trace === undefined) return
    const decoded = decodeTraceContext(view, 0)
    expect(decoded && { ...decoded, traceId: hex(decoded.traceId), spanId: hex(decoded.spanId) }).toEqual({
      sampled: false,
      random: false,
      ...trace,
    })
  })

  it('has a source position that any damaged byte makes absent', () => {
    const [, vector] = records.find(([, { source }]) => source !== undefined) as [string, Vector]
    for (let at = 0; at < 24; at++) {
      const bytes = encoded(vector)
      bytes[RECORD_TRACE_ID_OFFSET + at] = (bytes[RECORD_TRACE_ID_OFFSET + at] ?? 0) ^ 1
      expect(decodeSourcePosition(viewOf(bytes), 0, crc32)).toBeUndefined()
    }
  })

  it.each([
    [0b00110, 'trace context and source position'],
    [0b01000, 'trace flags without a trace context'],
    [0b10101, 'trace flags without a trace context'],
  ])('has no record with flags %i', (flags, problem) => {
    expect(recordFlagsProblem(flags)).toBe(problem)
  })

  it('leaves room for flags of later versions', () => {
    const [, vector] = records[0] as [string, Vector]
    const bytes = encoded(vector)
    bytes[RECORD_FLAGS_OFFSET] = (bytes[RECORD_FLAGS_OFFSET] ?? 0) | 0b1110_0000
    expect(recordFlagsProblem(decodeRecordHeader(viewOf(bytes), 0).flags)).toBeUndefined()
  })
})

describe('a writer', () => {
  it.each(records)('writes of a message with %s the bytes of the vector', (_, { record, traceContext, source, header }) => {
    const directory = join(temporaryDirectory(), 'queue')
    for (let epoch = 1; epoch < 3; epoch++) openWriter(directory, { segmentSize: 4096, firstSequence: 7 }).close()
    const options = {
      timestampNs: BigInt(record.timestampNs),
      schemaVersion: record.schemaVersion,
      trace: traceContext,
      source,
    }
    const payload = Buffer.from(record.text)
    using writer = openWriter(directory)
    writer.append(record.typeId, payload, options)
    expect(hex(readBytes(segmentFile(directory, 0), 64, RECORD_HEADER_LENGTH))).toBe(header)
    using observer = openObserver(directory)
    expect(observer.next()?.toJSON()).toMatchObject({
      ...(record.schemaVersion === undefined ? {} : { schemaVersion: record.schemaVersion }),
      ...(traceContext === undefined ? {} : { trace: traceContext }),
      ...(source === undefined ? {} : { source }),
    })
  })
})

describe('the golden control block of the extensions', () => {
  const { block, device, inode, birthNs, bytes } = vectors.control
  const identity = { device: BigInt(device), inode: BigInt(inode), birthNs: BigInt(birthNs) }

  function written(): Uint8Array<ArrayBuffer> {
    const control = encodeControl({
      ...block,
      queueId: bytesOf(block.queueId),
      sourceQueueId: bytesOf(block.sourceQueueId),
    })
    storeControlIdentity(control, identity, crc32)
    return control
  }

  it('is written and read byte by byte as the vector says', () => {
    const control = written()
    expect(hex(control.subarray(144, 256))).toBe(bytes)
    expect(decodeControlIdentity(control, crc32)).toEqual(identity)
    expect(hex(decodeControl(viewOf(control)).queueId)).toBe(block.queueId)
  })

  it('proves its segment size and its queue id with the identity of its file', () => {
    for (const at of [24, 31, 144, 159, 216, 224, 232, 239, 240, 243]) {
      const control = written()
      control[at] = (control[at] ?? 0) ^ 0x40
      expect(decodeControlIdentity(control, crc32), `byte ${at}`).toBe('bad')
    }
    expect(decodeControlIdentity(new Uint8Array(CONTROL_LENGTH), crc32)).toBeUndefined()
  })

  it('knows another file by its device, its inode number and its time of birth', () => {
    expect(isSameControlFile(identity, { ...identity })).toBe(true)
    expect(isSameControlFile(identity, { ...identity, birthNs: 0n })).toBe(true)
    for (const other of [{ device: 1n }, { inode: 1n }, { birthNs: 1n }])
      expect(isSameControlFile(identity, { ...identity, ...other })).toBe(false)
  })
})
