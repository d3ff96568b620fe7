import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyAtRest, killedQueue } from '../../test/support/killed-queue.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { locationOf } from '../../test/support/new-queue.js'
import {
  overwrite,
  overwriteControl,
  pretendAnotherBoot,
  readBytes,
  readControlFile,
  segmentFile,
  u64,
} from '../../test/support/raw-queue.js'
import { heldDirectory, temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, RECORD_HEADER_LENGTH } from '../format/index.js'
import { openObserver, openWriter, type WriterOptions } from '../index.js'
import { glanceAtSegment } from '../segment/segment-files.js'

describe('recovery of a queue that says something valid in a wrong place', () => {
  // All above the head; the first is prepared.
  it.each([2, 3, 30])('puts a first segment right that hides messages: %i', (segmentId) => {
    const directory = killedQueue(25)
    overwriteControl(directory, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, u64(segmentId + 1))
    const writer = openWriter(directory)
    appendNumbered(writer, 25, 600)
    expect(writer.position.segmentId).toBeGreaterThan(30)
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, 600))
    writer.close()
  })

  it('puts a first segment right that a power cut left older than the deletions', () => {
    const directory = killedQueue(25)
    const { currentSegment } = readControlFile(directory)
    overwriteControl(directory, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, u64(1))
    rmSync(segmentFile(directory, 0))
    openWriter(directory).close()
    expect([currentSegment, readControlFile(directory).firstSegmentPlusOne]).toEqual([1, 2])
  })

  it('gives no sequence out twice after a copy of an older message that stands where the next one goes', () => {
    const directory = killedQueue(25)
    const { currentSegment, writeOffset } = readControlFile(directory)
    const older = locationOf(directory, 20)
    const newer = locationOf(directory, 21)
    expect([older.segmentId, newer.segmentId]).toEqual([currentSegment, currentSegment])
    const file = segmentFile(directory, currentSegment)
    overwrite(file, writeOffset, readBytes(file, older.offset, newer.offset - older.offset))
    const writer = openWriter(directory)
    expect(writer.nextSequence).toBe(25)
    appendNumbered(writer, 25, 30)
    writer.close()
    using observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual([...range(0, 25), 20, ...range(25, 30)])
    using strict = openObserver(directory)
    expect(() => drainSequences(strict)).toThrowError(expect.objectContaining({ code: 'ERR_SEQUENCE_GAP', found: 20 }))
  })

  it('gives no sequence out twice when the header of an older message stands so that it ends where the control block says', () => {
    const directory = join(temporaryDirectory(), 'queue')
    const writer = openWriter(directory, { segmentSize: 4096 })
    for (const length of [700, 0, 640]) writer.append(1, Buffer.alloc(length, 5))
    const copy = `${directory}-killed`
    copyAtRest(directory, copy)
    writer.close()
    const [first, second, third] = [0, 1, 2].map((sequence) => locationOf(copy, sequence).offset) as [number, number, number]
    overwrite(segmentFile(copy, 0), second, readBytes(segmentFile(copy, 0), first, RECORD_HEADER_LENGTH))
    overwrite(segmentFile(copy, 0), third, Buffer.alloc(RECORD_HEADER_LENGTH, 7))
    using next = openWriter(copy)
    expect(next.nextSequence).toBe(3)
    expect(next.recovery.map((action) => action.case)).toContain('bad-write-offset')
  })
})

describe('recovery after a stop of the machine, of a queue whose lowest segment was about to be deleted', () => {
  /** The head and the one below it are left; the latter is announced as deleted, and is or is not what it was. */
  function interrupted(isWhole: boolean): { directory: string; first: number } {
    const directory = killedQueue(100)
    const { currentSegment } = readControlFile(directory)
    const first = glanceAtSegment(heldDirectory(directory), currentSegment, 4096)?.firstSequence ?? Number.NaN
    for (const id of range(0, currentSegment - 1)) rmSync(segmentFile(directory, id))
    overwriteControl(directory, CONTROL_FIRST_SEGMENT_PLUS_ONE_OFFSET, u64(currentSegment + 1))
    pretendAnotherBoot(directory)
    if (!isWhole) overwrite(segmentFile(directory, currentSegment - 1), 1024, Buffer.alloc(4096 - 1024))
    return { directory, first }
  }

  it.each<WriterOptions>([{}, { retention: { consumed: true } }])(
    'unsynced-deletion: leaves nothing of it that is not whole, for a writer with %o',
    (options) => {
      const { directory, first } = interrupted(false)
      using writer = openWriter(directory, options)
      expect(writer.recovery.map((action) => action.case)).toContain('unsynced-deletion')
      using observer = openObserver(directory)
      expect(drainSequences(observer)).toEqual(range(first, 100))
    },
  )

  it('gives it back to a writer with retention when it is whole', () => {
    const { directory, first } = interrupted(true)
    using writer = openWriter(directory, { retention: { consumed: true } })
    expect(writer.recovery.map((action) => action.case)).not.toContain('unsynced-deletion')
    using observer = openObserver(directory)
    const sequences = drainSequences(observer)
    expect(sequences[0]).toBeLessThan(first)
    expect(sequences).toEqual(range(sequences[0] as number, 100))
  })
})
