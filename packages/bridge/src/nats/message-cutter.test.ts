import { describe, expect, it } from 'vitest'
import { giveBackBuffer } from './body-buffers.js'
import { MessageCutter } from './message-cutter.js'

const INFO = `INFO {"server_id":"${'x'.repeat(40_000)}"}\r\n`

function message(length: number, { headers = '', byte = 65 } = {}): Buffer {
  const payload = Buffer.concat([Buffer.from(headers), Buffer.alloc(length, byte)])
  const line = headers === '' ? `MSG a.b 1 ${payload.length}\r\n` : `HMSG a.b 12 reply.7 ${headers.length} ${payload.length}\r\n`
  return Buffer.concat([Buffer.from(line), payload, Buffer.from('\r\n')])
}

/** Payloads with line feeds, and with what looks like the line of a message. */
const SENT = [
  Buffer.from(INFO),
  Buffer.from('PING\r\n+OK\r\n'),
  message(0),
  message(5, { byte: 10 }),
  message(16_300),
  message(16_384, { headers: 'NATS/1.0\r\nA: 1\r\n\r\n' }),
  Buffer.from('PONG\r\n'),
  message(300_000, { byte: 10 }),
  message(40_000, { headers: 'NATS/1.0\r\nMSG x 1 99999\r\n\r\n', byte: 66 }),
  message(700_000),
  Buffer.from("-ERR 'MSG 1 500'\r\n"),
  message(3),
]

/** What comes out of it, and of each piece whether it is one large message. */
function cut(bytes: Uint8Array, lengthOf: (left: number) => number): Buffer[] {
  const pieces: Buffer[] = []
  const cutter = new MessageCutter((piece) => {
    pieces.push(Buffer.from(piece))
    giveBackBuffer(piece)
  })
  for (let at = 0; at < bytes.length; ) {
    const room = cutter.room()
    const count = Math.min(lengthOf(bytes.length - at), room.length, bytes.length - at)
    room.set(bytes.subarray(at, at + count))
    cutter.filled(count)
    at += count
  }
  return pieces
}

describe('MessageCutter', () => {
  const all = Buffer.concat(SENT)

  it.each([
    ['as much as there is room for', (left: number) => left],
    ['one byte', () => 1],
    ['1000 bytes', () => 1000],
    ['any number of bytes', () => 1 + Math.floor(Math.random() * 20_000)],
  ])('brings everything, cut between lines and messages, when %s comes at a time', (_name, lengthOf) => {
    const pieces = cut(all, lengthOf)
    expect(Buffer.concat(pieces).equals(all)).toBe(true)
    const ends = new Set<number>()
    let at = 0
    for (const { length } of SENT) {
      at += length
      ends.add(at)
    }
    ends.add(INFO.length + 'PING\r\n'.length)
    at = 0
    for (const { length } of pieces) {
      at += length
      expect(ends).toContain(at)
    }
  })

  it('reads a large message into a buffer of its own, that is used again once it was given back', () => {
    const buffers: ArrayBufferLike[] = []
    const kept: Uint8Array[] = []
    const cutter = new MessageCutter((piece) => {
      buffers.push(piece.buffer)
      kept.push(piece)
    })
    for (let index = 0; index < 4; index++) {
      cutter.append(message(200_000 + index, { byte: 65 + index }))
      if (index % 2 === 1) for (const piece of kept.splice(0)) giveBackBuffer(piece)
    }
    expect(new Set(buffers.slice(0, 2)).size).toBe(2)
    expect(new Set(buffers).size).toBe(2)
    cutter.append(message(200_000, { byte: 90 }))
    expect(Buffer.from(kept[0] ?? []).equals(message(200_000, { byte: 90 }))).toBe(true)
    // A second time, and of memory that is not lent, nothing happens.
    for (const piece of kept) giveBackBuffer(piece)
    for (const piece of kept) giveBackBuffer(piece)
    giveBackBuffer(Buffer.alloc(10))
    cutter.append(message(200_000))
    cutter.append(message(200_000))
    expect(new Set(buffers.slice(-2)).size).toBe(2)
  })
})
