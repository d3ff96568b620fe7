import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { repairQueue } from '@chronicle-ts/inspect'
import { beforeEach, describe, expect, it } from 'vitest'
import { drainSequences, range } from '../../test/support/messages.js'
import { segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_FILE, encodePosition, readerFileName } from '../format/index.js'
import { openReader, openWriter } from '../index.js'

const COUNT = 50
const SEGMENT_SIZE = 16384

let queue: string
let other: string

/** A queue of the base format with {@link COUNT} messages in two segments that a reader has read; nothing but the records counts them. */
beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  other = join(temporaryDirectory(), 'other')
  using writer = openWriter(queue, { segmentSize: SEGMENT_SIZE, extensions: false })
  for (const _ of range(0, COUNT)) writer.append(1, Buffer.alloc(400))
  expect(writer.position.segmentId).toBe(1)
  using reader = openReader(queue, 'all')
  drainSequences(reader)
  reader.commit()
})

/** Puts a segment of another queue, whose records have other lengths, in the place of the head. */
function replaceHead(segmentSize: number): void {
  const writer = openWriter(other, { segmentSize })
  while (writer.position.segmentId < 2) writer.append(1, Buffer.alloc(700))
  writer.close()
  copyFileSync(segmentFile(other, 1), segmentFile(queue, 1))
}

function appendOne(): number {
  using writer = openWriter(queue)
  return writer.append(1, Buffer.from('next'))
}

function expectAboveReader(): void {
  const sequence = appendOne()
  expect(sequence).toBeGreaterThanOrEqual(COUNT)
  expect(appendOne()).toBe(sequence + 1)
}

describe('a segment of another queue with the header of the head', () => {
  it.each([SEGMENT_SIZE / 2, SEGMENT_SIZE])(
    'L57: does not count the messages that are lost with the head: %i bytes',
    (segmentSize) => {
      replaceHead(segmentSize)
      expectAboveReader()
    },
  )

  it.each([SEGMENT_SIZE / 2, SEGMENT_SIZE])('L57: nor where repair recovers the queue: %i bytes', (segmentSize) => {
    replaceHead(segmentSize)
    repairQueue(queue)
    expectAboveReader()
  })

  it('L57: nor where only a reader was in the head, because the control block is lost too', () => {
    replaceHead(SEGMENT_SIZE)
    rmSync(join(queue, CONTROL_FILE))
    expectAboveReader()
  })
})

describe('a position inside a record', () => {
  it('L56: alone leaves no sequence out', () => {
    const position = encodePosition({ segmentId: 1, offset: 128, heartbeatNs: 0n }, (bytes) => crc32(bytes))
    writeFileSync(join(queue, 'readers', readerFileName('all')), position)
    expect(appendOne()).toBe(COUNT)
  })
})
