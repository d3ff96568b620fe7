import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { overwrite, overwriteControl, segmentFile, u64 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_FILE, CONTROL_NEXT_SEQUENCE_OFFSET } from '../format/index.js'
import { openReader, openWriter } from '../index.js'

const COUNT = 25
const SEGMENT_SIZE = 16384

let queue: string

/** Control blocks of the moments at which so many messages were there. */
let controls: Buffer[]

/** A queue of {@link COUNT} messages that a reader has read; the last three are lost. */
beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  controls = []
  using writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
  const offsets = range(0, COUNT).map((sequence) => {
    const { offset } = writer.position
    controls.push(readFileSync(join(queue, CONTROL_FILE)))
    appendNumbered(writer, sequence, sequence + 1)
    return offset
  })
  using reader = openReader(queue, 'all')
  drainSequences(reader)
  reader.commit()
  const lost = offsets.at(-3) ?? 0
  overwrite(segmentFile(queue, 0), lost, Buffer.alloc(writer.position.offset - lost))
})

function expectAboveReader(): void {
  const writer = openWriter(queue)
  const sequence = writer.append(1, Buffer.from('next'))
  expect(sequence).toBeGreaterThanOrEqual(COUNT)
  writer.close()
  using reader = openReader(queue, 'all', { onLost: 'snap' })
  expect(drainSequences(reader)).toEqual([sequence])
  using reopened = openWriter(queue)
  expect([reopened.nextSequence, reopened.recovery]).toEqual([sequence + 1, []])
}

describe('the place of a reader after the last message that is left', () => {
  it.each([0, COUNT - 3, COUNT + 1000, 2 ** 47])('L57: bounds the next sequence, where the control block counts %i', (count) => {
    overwriteControl(queue, CONTROL_NEXT_SEQUENCE_OFFSET, u64(count))
    expectAboveReader()
  })

  it.each([1, 2, 4, 10])('L57: bounds the next sequence, where the control block is %i messages older', (age) => {
    overwriteControl(queue, 0, controls.at(-age) ?? Buffer.alloc(0))
    expectAboveReader()
  })
})
