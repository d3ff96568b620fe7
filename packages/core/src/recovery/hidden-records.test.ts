import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openColdReader } from '@chronicle-ts/inspect'
import { beforeEach, describe, expect, it } from 'vitest'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { overwrite, segmentFile, u32 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_FILE, RECORD_PAYLOAD_OFFSET } from '../format/index.js'
import { openObserver, openReader, openWriter } from '../index.js'

const COUNT = 20
const BASE = { segmentSize: 16384, extensions: false }

let queue: string
let offsets: number[]

/** One segment of messages of the base format, which no control block counts. */
beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  using writer = openWriter(queue, BASE)
  offsets = range(0, COUNT).map((sequence) => {
    const { offset } = writer.position
    appendNumbered(writer, sequence, sequence + 1)
    return offset
  })
})

const offsetOf = (sequence: number) => offsets[sequence] ?? 0

function zero(from: number, to: number): void {
  overwrite(segmentFile(queue, 0), offsetOf(from), Buffer.alloc(offsetOf(to) - offsetOf(from)))
}

/** A writer of the base format appends one message, which every reader that skips damage sees while the writer is open. */
function expectSeen(lost: readonly number[]): void {
  const expected = [...range(0, COUNT).filter((sequence) => !lost.includes(sequence)), COUNT]
  using writer = openWriter(queue, BASE)
  appendNumbered(writer, COUNT, COUNT + 1)
  using observer = openObserver(queue, { onCorrupt: 'skip' })
  expect(drainSequences(observer)).toEqual(expected)
  using cold = openColdReader(queue)
  expect([...cold].flatMap((item) => (item.kind === 'record' ? [item.sequence] : []))).toEqual(expected)
  writer.close()
  using again = openWriter(queue, BASE)
  expect([again.nextSequence, again.recovery]).toEqual([COUNT + 1, []])
}

describe('messages after zeros in a head of the base format', () => {
  it.each([false, true])('L56: hide no message that is appended, control block lost: %s', (isLost) => {
    zero(10, 13)
    if (isLost) rmSync(join(queue, CONTROL_FILE))
    expectSeen([10, 11, 12])
  })

  it('L56: nor where one commit word is zero', () => {
    overwrite(segmentFile(queue, 0), offsetOf(10), u32(0))
    expectSeen([10])
  })

  it('L56: nor where a damaged message stands before them', () => {
    overwrite(segmentFile(queue, 0), offsetOf(5) + RECORD_PAYLOAD_OFFSET, u32(0xdead_beef))
    zero(10, 13)
    expectSeen([5, 10, 11, 12])
  })

  it('L56: nor from a reader that stands in them, where a damaged message stands before them', () => {
    const reader = openReader(queue, 'inside', { start: 'earliest' })
    for (const _ of range(0, 12)) reader.next()
    reader.commit()
    reader.close()
    overwrite(segmentFile(queue, 0), offsetOf(10) + RECORD_PAYLOAD_OFFSET, u32(0xdead_beef))
    zero(11, 14)
    using writer = openWriter(queue, BASE)
    appendNumbered(writer, COUNT, COUNT + 1)
    using again = openReader(queue, 'inside', { onCorrupt: 'skip' })
    expect(drainSequences(again)).toEqual(range(14, COUNT + 1))
  })
})
