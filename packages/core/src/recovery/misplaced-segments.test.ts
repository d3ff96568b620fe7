import { copyFileSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { openColdReader, repairQueue } from '@chronicle-ts/inspect'
import { beforeEach, describe, expect, it } from 'vitest'
import { appendNumbered } from '../../test/support/messages.js'
import { overwrite, overwriteControl, pretendAnotherBoot, segmentFile, u32 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_EXTENSION_EPOCH_OFFSET, CONTROL_FILE, SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { openWriter } from '../index.js'

const SEGMENT_SIZE = 4096
const COUNT = 60

let queue: string
let headId: number

/** A queue of {@link COUNT} messages, and its control block of the moment when half of them were there. */
let staleControl: Buffer

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  using writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
  appendNumbered(writer, 0, COUNT / 2)
  staleControl = readFileSync(join(queue, CONTROL_FILE))
  appendNumbered(writer, COUNT / 2, COUNT)
  headId = writer.position.segmentId
})

function swap(one: number, other: number): void {
  renameSync(segmentFile(queue, one), join(queue, 'between'))
  renameSync(segmentFile(queue, other), segmentFile(queue, one))
  renameSync(join(queue, 'between'), segmentFile(queue, other))
}

function expectAboveAll(): void {
  const writer = openWriter(queue)
  const sequence = writer.append(1, Buffer.from('next'))
  expect(sequence).toBeGreaterThanOrEqual(COUNT)
  writer.close()
  using reopened = openWriter(queue)
  expect(reopened.nextSequence).toBe(sequence + 1)
  expect(reopened.recovery).toEqual([])
}

describe('segments in a wrong place', () => {
  it('L57: a foreign first segment after a head without records does not lower what the control block counts', () => {
    const other = join(temporaryDirectory(), 'other')
    using writer = openWriter(other, { segmentSize: SEGMENT_SIZE })
    appendNumbered(writer, 0, 10)
    writer.close()
    copyFileSync(segmentFile(other, 0), segmentFile(queue, headId + 1))
    overwrite(segmentFile(queue, headId), SEGMENT_HEADER_LENGTH, Buffer.alloc(SEGMENT_SIZE - SEGMENT_HEADER_LENGTH))
    expectAboveAll()
  })

  it('L57: the first segment in the place of the head does not end the queue, where nothing counts the messages', () => {
    swap(0, headId)
    overwrite(segmentFile(queue, headId - 1), SEGMENT_HEADER_LENGTH, Buffer.alloc(SEGMENT_SIZE - SEGMENT_HEADER_LENGTH))
    overwriteControl(queue, CONTROL_EXTENSION_EPOCH_OFFSET, u32(0))
    expectAboveAll()
  })

  it.each([2, 3])(
    'L57: the head in the place %i before its own counts, where the control block is of an earlier moment',
    (distance) => {
      overwriteControl(queue, 0, staleControl)
      swap(headId, headId - distance)
      expectAboveAll()
    },
  )

  it('L57: the head in the place of the first segment counts, where the control block is of an earlier moment', () => {
    overwriteControl(queue, 0, staleControl)
    swap(headId, 0)
    expectAboveAll()
  })

  it('L57: the head counts that replaced the first segment, where the control block is of an earlier moment', () => {
    overwriteControl(queue, 0, staleControl)
    renameSync(segmentFile(queue, headId), segmentFile(queue, 0))
    expectAboveAll()
  })

  it('L57: the head in the place of the segment before it is not given again after a stop of the machine, because repair keeps it', () => {
    const writer = openWriter(queue)
    writer.roll()
    writer.flushSync()
    appendNumbered(writer, COUNT, COUNT + 10)
    const { segmentId } = writer.position
    writer.close()
    swap(segmentId, segmentId - 1)
    pretendAnotherBoot(queue)
    repairQueue(queue)
    const reopened = openWriter(queue)
    const sequence = reopened.append(1, Buffer.from('next'))
    reopened.close()
    using cold = openColdReader(queue)
    const sequences = [...cold].flatMap((item) => (item.kind === 'record' ? [item.sequence] : []))
    expect(sequences).toEqual([...new Set(sequences)].sort((one, other) => one - other))
    expect(sequences.at(-1)).toBe(sequence)
  })
})
