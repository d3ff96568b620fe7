import { existsSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { locationOf, queueOf } from '../../test/support/new-queue.js'
import {
  overwrite,
  overwriteControl,
  pretendAnotherBoot,
  readBytes,
  readControlFile,
  segmentFile,
  u32,
} from '../../test/support/raw-queue.js'
import { QUIET_LOOKS } from '../defaults.js'
import { pause } from '../files/pause.js'
import {
  CONTROL_CURRENT_SEGMENT_OFFSET,
  CONTROL_NOTIFY_SEQUENCE_OFFSET,
  encodePaddingHeader,
  encodeRecord,
  encodeSegmentHeader,
  RECORD_FLAGS_OFFSET,
  RECORD_SEQUENCE_OFFSET,
  SEGMENT_FIRST_RECORD_OFFSET,
  SEGMENT_FLAGS_OFFSET,
} from '../format/index.js'
import { openObserver } from '../index.js'

describe('a head that is said to be sealed', () => {
  it('is reported as damage where the control block says that more was committed in it', () => {
    const { directory, writer } = queueOf(20)
    const { segmentId, offset } = locationOf(directory, 19)
    overwrite(segmentFile(directory, segmentId), SEGMENT_FLAGS_OFFSET, u32(1))
    overwrite(segmentFile(directory, segmentId), offset, Buffer.alloc(256))
    using observer = openObserver(directory)
    for (let number = 0; number < 19; number++) expect(observer.next()?.sequence).toBe(number)
    expect(() => observer.next()).toThrowError(code('ERR_CORRUPT_RECORD'))
    writer.close()
  })
})

describe('a sequence that no record can have', () => {
  it('costs one message with onCorrupt skip, where no checksum of the header shows that it is wrong', () => {
    const { directory, writer } = queueOf(20)
    const { segmentId, offset } = locationOf(directory, 7)
    const impossible = Buffer.alloc(8)
    impossible.writeBigUInt64LE(2n ** 53n - 1n)
    overwrite(segmentFile(directory, segmentId), offset + RECORD_SEQUENCE_OFFSET, impossible)
    overwrite(segmentFile(directory, segmentId), offset + RECORD_FLAGS_OFFSET, Buffer.alloc(2))
    using observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual(range(0, 20).filter((number) => number !== 7))
    expect(observer.metrics().corruptSkipped).toBe(1)
    writer.close()
  })
})

describe('a commit word that is gone', () => {
  /** Zeroes the commit word of a message while the writer lives. */
  function holeAt(directory: string, sequence: number): void {
    const { segmentId, offset } = locationOf(directory, sequence)
    overwrite(segmentFile(directory, segmentId), offset, u32(0))
  }

  it.each([
    ['in the head', 58],
    ['at the end of the head', 59],
    ['in a sealed segment', 5],
    ['at the beginning of a sealed segment', 0],
  ])('is reported as damage %s, and waiting in front of it does not end the queue', (_, sequence) => {
    const { directory, writer } = queueOf(60)
    holeAt(directory, sequence)
    const observer = openObserver(directory)
    for (let number = 0; number < sequence; number++) expect(observer.next()?.sequence).toBe(number)
    for (let time = 0; time < 2; time++) expect(() => observer.next()).toThrowError(code('ERR_CORRUPT_RECORD'))
    observer.close()
    writer.close()
  })

  it.each([58, 5, 0])('costs one message with onCorrupt skip: sequence %i', (sequence) => {
    const { directory, writer } = queueOf(60)
    holeAt(directory, sequence)
    using observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual(range(0, 60).filter((number) => number !== sequence))
    expect(observer.metrics().corruptSkipped).toBe(1)
    writer.close()
  })

  it('costs one message at the end of the head, once something follows it', () => {
    const { directory, writer } = queueOf(60)
    holeAt(directory, 59)
    using observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual(range(0, 59))
    appendNumbered(writer, 60, 61)
    expect(drainSequences(observer)).toEqual([60])
    writer.close()
  })

  it('is nothing but the end where the machine stopped since: the next writer finds out', () => {
    const { directory, writer } = queueOf(60)
    writer.close()
    holeAt(directory, 59)
    pretendAnotherBoot(directory)
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, 59))
  })
})

describe('a writer that dies in a roll', () => {
  it('hides nothing from a reader that had caught up: the head that it named is seen although no reader was notified', () => {
    const { directory, writer } = queueOf(20)
    const head = writer.position.segmentId
    const { notifySequence } = readControlFile(directory)
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, 20))
    // The writer's background thread would put its prepared segment in the place of a file that came before it.
    while (!existsSync(segmentFile(directory, head + 1))) pause(1)
    // What the next writer appends in the next segment, before anything says so.
    const bytes = new Uint8Array(4096)
    bytes.set(encodeSegmentHeader({ segmentId: head + 1 }))
    encodeRecord(
      bytes,
      SEGMENT_FIRST_RECORD_OFFSET,
      { sequence: 20, timestampNs: 1n, typeId: 1, payload: Buffer.from('x') },
      crc32,
    )
    writeFileSync(segmentFile(directory, head + 1), bytes)
    expect(observer.next()).toBeUndefined()
    overwriteControl(directory, CONTROL_CURRENT_SEGMENT_OFFSET, u32(head + 1))
    expect(readControlFile(directory).notifySequence).toBe(notifySequence)
    expect(observer.next()).toMatchObject({ sequence: 20, segmentId: head + 1 })
    writer.close()
  })
})

describe('damage in front of a padding record', () => {
  it('costs the damaged message, and the padding is not one', () => {
    const { directory, writer } = queueOf(3)
    const bad = locationOf(directory, 2)
    const { offset } = writer.position
    overwrite(segmentFile(directory, 0), offset, encodePaddingHeader(offset, 4096))
    overwrite(segmentFile(directory, 0), bad.offset, u32(0x7fffffff))
    writer.roll()
    appendNumbered(writer, 3, 6)
    using observer = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(observer)).toEqual([0, 1, 3, 4, 5])
    expect(observer.metrics().corruptSkipped).toBe(1)
    writer.close()
  })
})

describe('a source that has caught up', () => {
  it('finds what follows a roll whose writer died before it notified, at the next look and at the next wait', () => {
    const { directory, writer } = queueOf(1)
    using next = openObserver(directory)
    using waiting = openObserver(directory, { wait: 'park' })
    for (const source of [next, waiting]) {
      drainSequences(source)
      expect(source.next()).toBeUndefined()
    }
    const notify = readBytes(`${directory}/control.meta`, CONTROL_NOTIFY_SEQUENCE_OFFSET, 4)
    writer.roll()
    appendNumbered(writer, 1, 2)
    // As the dead writer leaves it: the segment is named and not sealed, and nothing was notified.
    overwrite(segmentFile(directory, 0), SEGMENT_FLAGS_OFFSET, u32(0))
    overwriteControl(directory, CONTROL_NOTIFY_SEQUENCE_OFFSET, notify)
    expect(readBytes(`${directory}/control.meta`, CONTROL_CURRENT_SEGMENT_OFFSET, 4)).toEqual(u32(1))
    expect(next.next()?.sequence).toBe(1)
    expect(waiting.wait({ timeoutMs: 0 })).toBe('message')
    writer.close()
  })

  it('learns of a record that vanished by the next sleep, and by polling before long', () => {
    const { directory, writer } = queueOf(2)
    using polled = openObserver(directory)
    using parked = openObserver(directory, { wait: 'park' })
    for (const source of [polled, parked]) {
      drainSequences(source)
      expect(source.next()).toBeUndefined()
    }
    const { segmentId, offset } = writer.position
    appendNumbered(writer, 2, 4)
    overwrite(segmentFile(directory, segmentId), offset, Buffer.alloc(4))
    expect(() => {
      parked.wait({ timeoutMs: 60_000 })
      parked.next()
    }).toThrowError(code('ERR_CORRUPT_RECORD'))
    expect(() => {
      for (let looks = 0; looks <= QUIET_LOOKS; looks++) polled.next()
    }).toThrowError(code('ERR_CORRUPT_RECORD'))
    writer.close()
  })
})
