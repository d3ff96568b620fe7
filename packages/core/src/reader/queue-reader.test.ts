import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, numberedPayload, range } from '../../test/support/messages.js'
import { locationOf, queueOf } from '../../test/support/new-queue.js'
import { overwrite, overwriteControl, readControlFile, segmentFile, u32, u64 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import {
  CONTROL_CURRENT_SEGMENT_OFFSET,
  CONTROL_SEGMENT_GENERATION_OFFSET,
  CONTROL_WRITE_OFFSET_OFFSET,
  RECORD_FLAGS_OFFSET,
  RECORD_HEADER_CRC_OFFSET,
  RECORD_PAYLOAD_OFFSET,
  RECORD_SEQUENCE_OFFSET,
  SEGMENT_FLAGS_OFFSET,
} from '../format/index.js'
import { openObserver, openReader, openWriter, WAIT_STRATEGIES } from '../index.js'

describe('positions', () => {
  it('a reader resumes after its last commit and repeats what it did not commit', () => {
    const { directory, writer } = queueOf(50)
    const reader = openReader(directory, 'a')
    for (const _ of range(0, 20)) reader.next()
    reader.commit()
    for (const _ of range(0, 10)) reader.next()
    reader.close()
    const again = openReader(directory, 'a')
    expect(drainSequences(again)).toEqual(range(20, 50))
    again.close()
    writer.close()
  })

  it('peek neither advances nor disturbs the last message, and a commit saves only what next returned', () => {
    const { directory, writer } = queueOf(40)
    const reader = openReader(directory, 'a')
    for (const number of range(0, 39)) {
      const message = reader.next()
      expect(reader.peek()?.sequence).toBe(number + 1)
      expect(reader.peek()?.sequence).toBe(number + 1)
      expect(message?.sequence).toBe(number)
      expect(message?.payload.equals(numberedPayload(number))).toBe(true)
    }
    reader.commit()
    reader.close()
    const again = openReader(directory, 'a')
    expect(again.next()?.sequence).toBe(39)
    again.close()
    writer.close()
  })

  it('a reader that was closed still says which message would have come next, not how far it had verified', () => {
    const { directory, writer } = queueOf(40)
    const reader = openReader(directory, 'a')
    for (const _ of range(0, 3)) reader.next()
    reader.close()
    expect(reader.nextSequence).toBe(3)
    writer.close()
  })

  it('L10: a new name begins at the earliest message of a trimmed queue', () => {
    const { directory, writer } = queueOf(100)
    writer.close()
    rmSync(segmentFile(directory, 0))
    rmSync(segmentFile(directory, 1))
    const reader = openReader(directory, 'new')
    const first = reader.peek()?.sequence
    expect(first).toBeGreaterThan(0)
    expect(drainSequences(reader)).toEqual(range(first ?? 0, 100))
    reader.close()
  })

  it('L10: an open that fails leaves no registration', () => {
    const { directory, writer } = queueOf(10)
    writer.close()
    truncateSync(segmentFile(directory, 0), 100)
    expect(() => openReader(directory, 'new')).toThrowError(code('ERR_BAD_SEGMENT'))
    expect(readdirSync(join(directory, 'readers'))).toEqual([])
  })

  it('L15: commit after an error saves the position before the bad message', () => {
    const { directory, writer } = queueOf(30)
    const bad = locationOf(directory, 10)
    overwrite(segmentFile(directory, bad.segmentId), bad.offset + RECORD_PAYLOAD_OFFSET, Buffer.from([0xff]))
    const reader = openReader(directory, 'a')
    for (const _ of range(0, 10)) reader.next()
    for (const _ of range(0, 3)) expect(() => reader.next()).toThrowError(code('ERR_CORRUPT_RECORD', bad))
    reader.commit()
    reader.close()
    const again = openReader(directory, 'a')
    expect(() => again.next()).toThrowError(code('ERR_CORRUPT_RECORD'))
    again.close()
    writer.close()
  })

  it('L11: a meta file without a valid slot is a clear error, and a reset is the way out', () => {
    for (const content of [Buffer.alloc(80, 0xff), Buffer.alloc(5, 1), Buffer.alloc(200, 3)]) {
      const { directory, writer } = queueOf(20)
      openReader(directory, 'a').close()
      const path = join(directory, 'readers', 'a.meta')
      writeFileSync(path, content)
      expect(() => openReader(directory, 'a')).toThrowError(code('ERR_BAD_POSITION', { path }))
      expect(() => openReader(directory, 'a', { start: 'earliest' })).toThrowError(code('ERR_BAD_POSITION', { path }))
      const reader = openReader(directory, 'a', { start: 'earliest', reset: true })
      expect(drainSequences(reader)).toEqual(range(0, 20))
      reader.commit()
      reader.close()
      using resumed = openReader(directory, 'a')
      expect(resumed.next()).toBeUndefined()
      writer.close()
    }
  })

  it('takes over legacy files of 8 and 16 bytes', () => {
    const { directory, writer } = queueOf(60)
    openReader(directory, 'a').close()
    const path = join(directory, 'readers', 'a.meta')
    const inFirst = locationOf(directory, 3)
    writeFileSync(path, u64(inFirst.offset))
    const first = openReader(directory, 'a')
    expect(first.next()?.sequence).toBe(3)
    first.close()
    const later = locationOf(directory, 30)
    writeFileSync(path, Buffer.concat([u64(later.segmentId), u64(later.offset)]))
    const second = openReader(directory, 'a')
    expect(second.next()?.sequence).toBe(30)
    second.close()
    expect(statSync(path).size).toBe(80)
    writer.close()
  })

  it('L27: commit is durable only when asked, and then survives in the file', () => {
    const { directory, writer } = queueOf(10)
    const reader = openReader(directory, 'a')
    reader.next()
    reader.commit({ durable: true })
    expect(readFileSync(join(directory, 'readers', 'a.meta'))).toHaveLength(80)
    reader.close()
    writer.close()
  })

  it('refuses a saved position at which no record can begin, or ahead of the head', () => {
    for (const position of [
      [0, 65],
      [0, 1 << 20],
      [77, 64],
    ] as const) {
      const { directory, writer } = queueOf(10)
      openReader(directory, 'a').close()
      const path = join(directory, 'readers', 'a.meta')
      writeFileSync(path, Buffer.concat([u64(position[0]), u64(position[1])]))
      expect(() => openReader(directory, 'a')).toThrowError(code('ERR_BAD_POSITION', { path }))
      writer.close()
    }
  })
})

describe('start', () => {
  it('earliest, latest, by sequence and by timestamp', () => {
    const directory = join(temporaryDirectory(), 'queue')
    const writer = openWriter(directory, { segmentSize: 4096 })
    for (const number of range(0, 200)) writer.append(1, numberedPayload(number), { timestampNs: BigInt(number * 10) })
    using earliest = openObserver(directory, { start: 'earliest' })
    expect(earliest.next()?.sequence).toBe(0)
    using latest = openObserver(directory, { start: 'latest' })
    expect(latest.next()).toBeUndefined()
    for (const sequence of [0, 1, 57, 123, 199]) {
      using observer = openObserver(directory, { start: { sequence } })
      expect(observer.next()?.sequence).toBe(sequence)
      using byTime = openObserver(directory, { start: { timestampNs: BigInt(sequence * 10 - (sequence > 0 ? 3 : 0)) } })
      expect(byTime.next()?.sequence).toBe(sequence)
    }
    using beyond = openObserver(directory, { start: { sequence: 500 } })
    expect(beyond.next()).toBeUndefined()
    writer.append(1, Buffer.from('new'))
    expect(latest.next()?.sequence).toBe(200)
    latest.seek({ sequence: 100 })
    expect(latest.next()?.sequence).toBe(100)
    writer.close()
  })

  it('refuses an invalid start', () => {
    const { directory, writer } = queueOf(1)
    for (const start of ['first', { sequence: -1 }, { sequence: 1.5 }, { timestampNs: 5 }, {}]) {
      expect(() => openObserver(directory, { start: start as never })).toThrowError(code('ERR_INVALID_ARGUMENT'))
    }
    expect(() => openObserver(directory, { onCorrupt: 'ignore' as never })).toThrowError(code('ERR_INVALID_ARGUMENT'))
    expect(() => openObserver(directory, { wait: 'sleep' as never })).toThrowError(code('ERR_INVALID_ARGUMENT'))
    writer.close()
  })
})

describe('damage', () => {
  it.each([
    ['payload', RECORD_PAYLOAD_OFFSET, Buffer.from([0xee])],
    ['length', 0, u32(0x00ffffff)],
    ['sequence', RECORD_SEQUENCE_OFFSET, u64(12345)],
    ['header checksum', RECORD_HEADER_CRC_OFFSET, u32(1)],
  ])('a damaged %s stops a strict reader, and a skipping one counts it and goes on', (_, at, bytes) => {
    const { directory, writer } = queueOf(100)
    const bad = locationOf(directory, 40)
    overwrite(segmentFile(directory, bad.segmentId), bad.offset + at, bytes)
    using strict = openObserver(directory)
    for (const number of range(0, 40)) expect(strict.next()?.sequence).toBe(number)
    expect(() => strict.next()).toThrowError(code('ERR_CORRUPT_RECORD', bad))
    expect(strict.position).toEqual(bad)
    using skipping = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(skipping)).toEqual([...range(0, 40), ...range(41, 100)])
    expect(skipping.metrics().corruptSkipped).toBe(1)
    writer.close()
  })

  it('a gap in the sequence is an error of its own', () => {
    const { directory, writer } = queueOf(30)
    const at = locationOf(directory, 10)
    const path = segmentFile(directory, at.segmentId)
    // Without a header checksum the sequence is a field like any other: only the reader's counting finds it.
    overwrite(path, at.offset + RECORD_SEQUENCE_OFFSET, u64(11))
    overwrite(path, at.offset + RECORD_FLAGS_OFFSET, Buffer.alloc(2))
    using strict = openObserver(directory)
    for (const _ of range(0, 10)) strict.next()
    expect(() => strict.next()).toThrowError(code('ERR_SEQUENCE_GAP', { expected: 10, found: 11 }))
    using skipping = openObserver(directory, { onCorrupt: 'skip' })
    expect(drainSequences(skipping)).toContain(29)
    writer.close()
  })

  it('reads on after a segment whose rest is damaged', () => {
    const { directory, writer } = queueOf(100)
    const bad = locationOf(directory, 20)
    overwrite(segmentFile(directory, bad.segmentId), bad.offset, Buffer.alloc(4096 - bad.offset, 0x77))
    using skipping = openObserver(directory, { onCorrupt: 'skip' })
    const sequences = drainSequences(skipping)
    expect(sequences.slice(0, 20)).toEqual(range(0, 20))
    expect(sequences.at(-1)).toBe(99)
    writer.close()
  })

  it('a segment that is cut short while it is mapped is an error, not a SIGBUS', () => {
    const { directory, writer } = queueOf(1000, 1 << 20)
    using observer = openObserver(directory)
    observer.next()
    truncateSync(segmentFile(directory, 0), 4096)
    expect(() => drainSequences(observer)).toThrowError(code('ERR_SEGMENT_TRUNCATED'))
    expect(() => {
      for (const number of range(0, 100_000)) writer.append(1, numberedPayload(number))
    }).toThrowError(code('ERR_SEGMENT_TRUNCATED'))
    writer.close()
  })
})

describe('deleted segments', () => {
  it('an observer that was overtaken learns exactly what it lost', () => {
    const { directory, writer } = queueOf(200)
    const second = readFirstSequence(directory, 3)
    using strict = openObserver(directory)
    using snapping = openObserver(directory, { onLost: 'snap' })
    strict.next()
    snapping.next()
    const lostFrom = readFirstSequence(directory, 1)
    for (const id of [0, 1, 2]) rmSync(segmentFile(directory, id))
    for (const _ of range(1, lostFrom)) strict.next()
    expect(() => strict.next()).toThrowError(code('ERR_DATA_LOST', { from: lostFrom, to: second, count: second - lostFrom }))
    expect(() => strict.next()).toThrowError(code('ERR_DATA_LOST'))
    strict.seek('earliest')
    expect(strict.next()?.sequence).toBe(second)
    expect(drainSequences(snapping)).toEqual([...range(1, lostFrom), ...range(second, 200)])
    expect(snapping.metrics().lost).toBe(second - lostFrom)
    writer.close()
  })
})

function readFirstSequence(directory: string, segmentId: number): number {
  using observer = openObserver(directory)
  for (let message = observer.next(); message !== undefined; message = observer.next()) {
    if (message.segmentId === segmentId) return message.sequence
  }
  throw new Error(`no segment ${segmentId}`)
}

describe('waiting', () => {
  it.each(WAIT_STRATEGIES)('L37: %s distinguishes a message from a timeout', async (wait) => {
    const { directory, writer } = queueOf(1)
    using reader = openReader(directory, 'a', { wait })
    expect(reader.wait({ timeoutMs: 5 })).toBe('message')
    expect(await reader.waitAsync({ timeoutMs: 5 })).toBe('message')
    reader.next()
    expect(reader.wait({ timeoutMs: 5 })).toBe('timeout')
    expect(await reader.waitAsync({ timeoutMs: 5 })).toBe('timeout')
    const pending = reader.waitAsync()
    setTimeout(() => writer.append(1, Buffer.from('x')), 5)
    expect(await pending).toBe('message')
    expect(reader.metrics()).toMatchObject({ waits: 5, timeouts: 2 })
    writer.close()
  })

  it('L1: a message after a roll ends a wait at once', () => {
    const { directory, writer } = queueOf(1)
    using reader = openReader(directory, 'a', { wait: 'busySpin' })
    reader.next()
    writer.roll()
    writer.append(1, Buffer.from('behind'))
    expect(reader.wait()).toBe('message')
    expect(reader.next()?.segmentId).toBe(1)
    writer.close()
  })

  it.each(['is dead', 'lives'])(
    'L43: a reader passes an unsealed segment that is not the head, also when the writer %s',
    (state) => {
      const { directory, writer } = queueOf(60)
      if (state === 'is dead') writer.close()
      overwrite(segmentFile(directory, 0), SEGMENT_FLAGS_OFFSET, u32(0))
      using observer = openObserver(directory)
      expect(drainSequences(observer)).toEqual(range(0, 60))
      writer.close()
    },
  )

  it('in the middle of a roll, the new head beside the old offset is not taken for a missing record', () => {
    const { directory, writer } = queueOf(20)
    writer.roll()
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, 20))
    const { segmentGeneration } = readControlFile(directory)
    overwriteControl(directory, CONTROL_WRITE_OFFSET_OFFSET, u64(2048))
    overwriteControl(directory, CONTROL_SEGMENT_GENERATION_OFFSET, u32(segmentGeneration + 1))
    expect(observer.next()).toBeUndefined()
    overwriteControl(directory, CONTROL_WRITE_OFFSET_OFFSET, u64(64))
    overwriteControl(directory, CONTROL_SEGMENT_GENERATION_OFFSET, u32(segmentGeneration + 2))
    writer.append(1, Buffer.from('behind'))
    expect(observer.next()?.sequence).toBe(20)
    writer.close()
  })

  it('an aborted wait rejects with the reason, also when it was aborted before', async () => {
    const { directory, writer } = queueOf(0)
    using reader = openReader(directory, 'a')
    const controller = new AbortController()
    const pending = reader.waitAsync({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(pending).rejects.toThrow('enough')
    await expect(reader.waitAsync({ signal: controller.signal })).rejects.toThrow('enough')
    writer.close()
  })

  it('closing ends a wait with ERR_CLOSED', async () => {
    const { directory, writer } = queueOf(0)
    const reader = openReader(directory, 'a')
    const pending = reader.waitAsync()
    reader.close()
    await expect(pending).rejects.toThrowError(code('ERR_CLOSED'))
    writer.close()
  })

  it('the async iterator delivers history and what comes, and ends with the signal', async () => {
    const { directory, writer } = queueOf(600)
    using reader = openReader(directory, 'a')
    const controller = new AbortController()
    const seen: number[] = []
    for await (const message of reader.messages({ signal: controller.signal })) {
      seen.push(message.sequence)
      if (seen.length === 600) setTimeout(() => appendNumbered(writer, 600, 605), 5)
      if (seen.length === 605) setTimeout(() => controller.abort(), 5)
    }
    expect(seen).toEqual(range(0, 605))
    writer.close()
  })

  it('L38: a reader learns of a writer restart', () => {
    const { directory, writer } = queueOf(1)
    using reader = openReader(directory, 'a')
    expect(reader.writerEpoch).toBe(1)
    writer.close()
    const next = openWriter(directory)
    expect(reader.writerEpoch).toBe(2)
    next.append(1, Buffer.from('x'))
    drainSequences(reader)
    next.close()
  })
})

describe('observers', () => {
  it('L31, L34: reading changes no file and maps segments read-only', () => {
    const { directory, writer } = queueOf(100)
    writer.close()
    const before = snapshot(directory)
    using observer = openObserver(directory)
    drainSequences(observer)
    observer.wait({ timeoutMs: 20 })
    observer.lag()
    observer.close()
    expect(snapshot(directory)).toEqual(before)
    expect(existsSync(join(directory, 'readers'))).toBe(false)
  })

  it('says its lag', () => {
    const { directory, writer } = queueOf(30)
    using observer = openObserver(directory)
    expect(observer.lag()).toMatchObject({ messages: 30 })
    observer.next()
    expect(observer.lag().messages).toBe(29)
    expect(observer.lag().bytes).toBeGreaterThan(0)
    drainSequences(observer)
    expect(observer.lag()).toEqual({ messages: 0, bytes: 0, ns: 0n })
    writer.close()
  })

  it('closed sources answer ERR_CLOSED, and messages of them do not reach foreign memory', () => {
    const { directory, writer } = queueOf(3)
    const observer = openObserver(directory)
    const message = observer.next()
    const payload = message?.payload
    observer.close()
    observer.close()
    expect(payload?.readDoubleLE(0)).toBe(0)
    expect(() => message?.sequence).toThrowError(expect.objectContaining({ code: 'ERR_CLOSED' }))
    for (const call of [
      () => observer.next(),
      () => observer.peek(),
      () => observer.wait(),
      () => observer.seek('latest'),
      () => observer.writerStatus(),
    ]) {
      expect(call).toThrowError(code('ERR_CLOSED'))
    }
    writer.close()
  })
})

describe('opening what is not a queue', () => {
  it('says what is wrong', () => {
    const folder = temporaryDirectory()
    expect(() => openObserver(join(folder, 'missing'))).toThrowError(code('ERR_NOT_FOUND'))
    // It may be one that a writer has just made.
    expect(() => openObserver(folder)).toThrowError(code('ERR_NOT_READY', { category: 'retry' }))
    const file = join(folder, 'file')
    writeFileSync(file, 'x')
    expect(() => openObserver(folder)).toThrowError(code('ERR_NOT_A_QUEUE'))
    expect(() => openObserver(file)).toThrowError(code('ERR_NOT_A_QUEUE'))
    expect(() => openWriter(file)).toThrowError(code('ERR_NOT_A_QUEUE'))
  })

  it('does not read by foreign and newer control blocks, and does not touch them', () => {
    for (const [offset, value, expected] of [
      [0, 0x12345678, 'ERR_NOT_A_QUEUE'],
      [4, 4, 'ERR_UNSUPPORTED_VERSION'],
      [24, 100, 'ERR_NOT_A_QUEUE'],
    ] as const) {
      const { directory, writer } = queueOf(3)
      writer.close()
      overwriteControl(directory, offset, u32(value))
      const before = snapshot(directory)
      expect(() => openObserver(directory)).toThrowError(code(expected))
      expect(() => openReader(directory, 'a')).toThrowError(code(expected))
      expect(snapshot(directory)).toEqual(before)
    }
  })

  it('L21: a control block that never becomes ready ends in an error', () => {
    const { directory, writer } = queueOf(3)
    writer.close()
    overwriteControl(directory, 8, u32(1))
    expect(() => openObserver(directory)).toThrowError(code('ERR_NOT_READY'))
    overwriteControl(directory, 8, u32(2))
    overwriteControl(directory, CONTROL_CURRENT_SEGMENT_OFFSET, u32(99))
    using observer = openObserver(directory)
    for (const sequence of [0, 1, 2]) expect(observer.next()?.sequence).toBe(sequence)
    expect(() => observer.next()).toThrowError(code('ERR_BAD_SEGMENT', { segmentId: 1 }))
    expect(readControlFile(directory).currentSegment).toBe(99)
  })
})

/** Names, sizes, times of change and bytes of all files, but for the lock file's times. */
function snapshot(directory: string): unknown[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const stat = statSync(path)
      const mtimeMs = entry.name === 'writer.lock' ? 0 : stat.mtimeMs
      return { path, size: stat.size, mtimeMs, bytes: readFileSync(path).toString('base64') }
    })
}
