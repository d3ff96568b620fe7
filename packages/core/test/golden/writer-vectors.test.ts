import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  CONTROL_FILE,
  CONTROL_WRITER_HEARTBEAT_NS_OFFSET,
  encodeControl,
  encodeSegmentHeader,
  INDEX_FILE,
  POSITION_HEARTBEAT_NS_OFFSET,
  POSITION_SLOT_LENGTH,
} from '../../src/format/index.js'
import { openReader, openWriter, type QueueWriter } from '../../src/index.js'
import { segmentFile } from '../support/raw-queue.js'
import { temporaryDirectory } from '../support/temporary.js'

const SEGMENT_SIZE = 1024

interface Vectors {
  readonly scenario1: Readonly<
    Record<'control.meta' | 'index.meta' | '000000000.q' | '000000001.q', Readonly<Record<string, string>>>
  >
}

const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as Vectors

/** The bytes that the vectors list by offset; what they do not list is zero. `<hb>` is a time, which is zero here. */
function expected(parts: Readonly<Record<string, string>>, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (const [at, text] of Object.entries(parts)) {
    const repeated = /^([0-9a-f]{2}) x (\d+)$/.exec(text)
    const part = repeated
      ? Buffer.alloc(Number(repeated[2]), Number.parseInt(repeated[1] ?? '', 16))
      : Buffer.from(text.replace('<hb>', '0'.repeat(16)), 'hex')
    part.copy(bytes, Number.parseInt(at, 16))
  }
  return bytes
}

function withoutTime(bytes: Buffer, at: number): Buffer {
  return bytes.fill(0, at, at + 8)
}

describe('our writer without extensions writes the golden bytes', () => {
  let directory: string
  let writer: QueueWriter

  /** Segments of 1024 bytes can be opened and not made: this queue is laid out by hand, and its epoch rises to 1 at the open. */
  beforeEach(() => {
    directory = join(temporaryDirectory(), 'queue')
    mkdirSync(directory)
    writeFileSync(
      segmentFile(directory, 0),
      Buffer.concat([encodeSegmentHeader({ segmentId: 0 }), Buffer.alloc(SEGMENT_SIZE - 64)]),
    )
    writeFileSync(join(directory, CONTROL_FILE), encodeControl({ segmentSize: SEGMENT_SIZE, writerEpoch: 0 }))
    writer = openWriter(directory, { extensions: false, heartbeatIntervalMs: 0 })
    writer.append(1, Buffer.from('hello'), { timestampNs: 0x1122334455667788n })
    writer.append(2, new Uint8Array(0), { timestampNs: 1_000_000_000n })
    writer.append(0x1357, Buffer.alloc(100, 0xab), { timestampNs: 1_000_000_001n })
  })

  function read(name: string): Buffer {
    return readFileSync(join(directory, name))
  }

  it('three appends and a flush: control block, segment, index', () => {
    writer.flushSync()
    const control = withoutTime(read(CONTROL_FILE), CONTROL_WRITER_HEARTBEAT_NS_OFFSET)
    expect(control).toEqual(expected(vectors.scenario1['control.meta'], 512))
    expect(read('000000000.q')).toEqual(expected(vectors.scenario1['000000000.q'], SEGMENT_SIZE))
    // A hint, which costs a flush nothing: it is written at a roll and at the close.
    writer.close()
    expect(read(INDEX_FILE)).toEqual(expected(vectors.scenario1['index.meta'], 16))
  })

  it('a roll: the seal, the record in the next segment, the control block', () => {
    expect(writer.append(3, Buffer.alloc(600, 0xcd), { timestampNs: 1_000_000_002n })).toBe(3)
    const old = read('000000000.q')
    expect(old.readUInt32LE(12)).toBe(1)
    expect(old.subarray(0x1c0).every((byte) => byte === 0)).toBe(true)
    const record = read('000000001.q').subarray(0x40)
    expect(record.subarray(0, 4).toString('hex')).toBe('59020000')
    expect(record.readBigUInt64LE(8)).toBe(3n)
    expect(record.subarray(28, 32).toString('hex')).toBe('684ec799')
    const control = read(CONTROL_FILE)
    expect([control.readUInt32LE(128), control.readUInt32LE(132), control.readUInt32LE(384)]).toEqual([4, 1, 5])
    expect(control.readBigUInt64LE(256)).toBe(0x300n)
    writer.close()
  })

  it('a reader: first save in slot 1, the next in slot 0', () => {
    const reader = openReader(directory, 'router')
    const opened = read('readers/router.meta')
    expect(opened.subarray(0, POSITION_SLOT_LENGTH)).toEqual(Buffer.alloc(POSITION_SLOT_LENGTH))
    expect(withoutTime(opened, POSITION_SLOT_LENGTH + POSITION_HEARTBEAT_NS_OFFSET).toString('hex', 40, 72)).toBe(
      `${'0'.repeat(16)}40${'0'.repeat(14)}${'0'.repeat(16)}01${'0'.repeat(14)}`,
    )
    reader.next()
    reader.commit()
    const saved = withoutTime(read('readers/router.meta'), POSITION_HEARTBEAT_NS_OFFSET)
    expect(saved.toString('hex', 0, 32)).toBe(`${'0'.repeat(16)}c0${'0'.repeat(14)}${'0'.repeat(16)}02${'0'.repeat(14)}`)
    reader.close()
    writer.close()
  })
})
