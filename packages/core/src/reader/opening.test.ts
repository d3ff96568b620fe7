import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { newQueue, queueOf } from '../../test/support/new-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { decodeCommitNs } from '../format/index.js'
import {
  listReaders,
  openObserver,
  openObserverAsync,
  openReader,
  openReaderAsync,
  openWriter,
  type Place,
  type QueueReader,
  type ReaderOptions,
} from '../index.js'

describe('L67: start', () => {
  it.each<Place>(['earliest', 'latest', { sequence: 40 }, { timestampNs: 1n }, { last: 3 }])(
    '%o is for a new name, and never overrides a saved position',
    (start) => {
      const { directory, writer } = queueOf(50)
      const first = openReader(directory, 'r')
      for (const _ of range(0, 10)) first.next()
      first.commit()
      first.close()
      appendNumbered(writer, 50, 60)
      const second = openReader(directory, 'r', { start })
      expect(second.opening).toEqual({ kind: 'resumed', position: second.position })
      expect(drainSequences(second)).toEqual(range(10, 60))
      second.close()
      writer.close()
    },
  )

  it('says what the open did', () => {
    const { directory, writer } = queueOf(50)
    const kinds = (options: ReaderOptions): unknown => {
      using reader = openReader(directory, 'r', options)
      expect(reader.opening.position).toEqual(reader.position)
      return [reader.opening.kind, reader.peek()?.sequence]
    }
    expect(kinds({ start: { sequence: 20 } })).toEqual(['new', 20])
    expect(kinds({ start: 'earliest' })).toEqual(['resumed', 20])
    expect(kinds({ start: 'resume' })).toEqual(['resumed', 20])
    expect(kinds({ start: { last: 10 }, reset: true })).toEqual(['reset', 40])
    expect(kinds({ reset: false })).toEqual(['resumed', 40])
    expect(kinds({ reset: true })).toEqual(['reset', 0])
    writer.close()
  })

  it.each([true, false])('that resumes at the end knows the next sequence at once, with extensions %s', (extensions) => {
    const { directory, writer } = newQueue({ extensions })
    appendNumbered(writer, 0, 50)
    const first = openReader(directory, 'r')
    drainSequences(first)
    first.commit()
    first.close()
    using second = openReader(directory, 'r')
    expect(second.nextSequence).toBe(50)
    appendNumbered(writer, 50, 51)
    expect([second.next()?.sequence, second.nextSequence]).toEqual([50, 51])
    writer.close()
  })

  it('a service that opens with latest gets what came while it was away', () => {
    const { directory, writer } = queueOf(5)
    openReader(directory, 'service', { start: 'latest' }).close()
    appendNumbered(writer, 5, 9)
    using again = openReader(directory, 'service', { start: 'latest' })
    expect(drainSequences(again)).toEqual([5, 6, 7, 8])
    writer.close()
  })

  it.each([
    [{ last: 10 }, range(50, 60)],
    [{ last: 0 }, []],
    [{ last: 1000 }, range(0, 60)],
  ])('%o are the last so many', (start, sequences) => {
    for (const extensions of [true, false]) {
      const { directory, writer } = newQueue({ extensions })
      appendNumbered(writer, 0, 60)
      using observer = openObserver(directory, { start })
      expect(observer.nextSequence).toBe(sequences[0] ?? 60)
      expect(drainSequences(observer)).toEqual(sequences)
      observer.seek(start)
      expect(drainSequences(observer)).toEqual(sequences)
      writer.close()
    }
  })

  it.each([true, false])('at the latest the next sequence is known at once, with extensions: %s', (extensions) => {
    const { directory, writer } = newQueue({ extensions })
    const next = (): number => {
      using observer = openObserver(directory, { start: 'latest' })
      return observer.nextSequence
    }
    expect(next()).toBe(0)
    for (const count of range(1, 40)) {
      appendNumbered(writer, count - 1, count)
      expect(next()).toBe(count)
    }
    writer.roll()
    expect(next()).toBe(39)
    writer.close()
    expect(next()).toBe(39)
  })

  it.each([
    { start: { last: -1 } },
    { start: { last: 1.5 } },
    { reset: 1 },
    { waitForQueueMs: -1 },
    { waitForQueueMs: '5' },
    { strat: 'latest' },
  ])('refuses %o before it touches anything', (options) => {
    const { directory, writer } = queueOf(3)
    const refusal = code('ERR_INVALID_ARGUMENT', { argument: expect.stringMatching(`^${Object.keys(options)[0]}\\b`) })
    expect(() => openReader(directory, 'r', options as ReaderOptions)).toThrowError(refusal)
    writer.close()
  })
})

describe('an open that waits for its queue', () => {
  const laterQueue = (): string => join(temporaryDirectory(), 'later')

  it('gets it when a writer makes it', async () => {
    const directory = laterQueue()
    const opening = [
      openReaderAsync(directory, 'r', { waitForQueueMs: 60_000 }),
      openObserverAsync(directory, { waitForQueueMs: 60_000 }),
    ] as const
    await sleep(5)
    mkdirSync(directory)
    await sleep(5)
    using writer = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(writer, 0, 3)
    for (const source of await Promise.all(opening)) {
      expect(drainSequences(source)).toEqual([0, 1, 2])
      source.close()
    }
  })

  it('ends with the reason when the time is over, and with the signal', async () => {
    const directory = laterQueue()
    const missing = code('ERR_NOT_FOUND', { category: 'retry' })
    expect(() => openReader(directory, 'r', { waitForQueueMs: 3 })).toThrowError(missing)
    expect(() => openObserver(directory, { waitForQueueMs: 3 })).toThrowError(missing)
    await expect(openReaderAsync(directory, 'r', { waitForQueueMs: 3 })).rejects.toThrowError(missing)
    const controller = new AbortController()
    const waiting = openReaderAsync(directory, 'r', { waitForQueueMs: Number.POSITIVE_INFINITY, signal: controller.signal })
    const rejected = expect(waiting).rejects.toThrow('enough')
    controller.abort(new Error('enough'))
    await rejected
  })

  it('says how long it waited for a writer that makes the queue', async () => {
    const directory = temporaryDirectory()
    const waited = code('ERR_NOT_READY', { category: 'retry', waitedMs: expect.toSatisfy((waitedMs: number) => waitedMs >= 3) })
    expect(() => openReader(directory, 'r', { waitForQueueMs: 3 })).toThrowError(waited)
    await expect(openObserverAsync(directory, { waitForQueueMs: 3 })).rejects.toThrowError(waited)
    expect(() => openReader(directory, 'r')).toThrowError(code('ERR_NOT_READY', { waitedMs: 0 }))
  })

  it('does not wait for what will not pass', () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'control.meta'), Buffer.alloc(512, 7))
    expect(() => openReader(directory, '../r', { waitForQueueMs: 60_000 })).toThrowError(code('ERR_INVALID_ARGUMENT'))
    writeFileSync(join(directory, 'file'), '')
    expect(() => openObserver(join(directory, 'file'))).toThrowError(code('ERR_NOT_A_QUEUE'))
  })
})

describe('a reader that races a writer that makes the queue', () => {
  it('gets the advice to try again, independent of what the writer has made so far', () => {
    const directory = temporaryDirectory()
    const notReady = code('ERR_NOT_READY', { category: 'retry' })
    expect(() => openReader(directory, 'r')).toThrowError(notReady)
    writeFileSync(join(directory, 'writer.lock'), '')
    expect(() => openReader(directory, 'r')).toThrowError(notReady)
    writeFileSync(join(directory, '000000000.q'), '')
    expect(() => openReader(directory, 'r')).toThrowError(code('ERR_NOT_A_QUEUE'))
  })
})

describe('L64: a reader that waits', () => {
  it('renews the heartbeat in its position file, and nothing else, although it commits nothing', async () => {
    const { directory, writer } = newQueue({ extensions: false })
    appendNumbered(writer, 0, 5)
    using reader = openReader(directory, 'r')
    reader.next()
    reader.commit()
    expect(drainSequences(reader)).toEqual([1, 2, 3, 4])
    const saved = () => {
      const position = listReaders(directory)[0]?.position
      if (position === undefined || position === 'bad') throw new Error('no position')
      return position
    }
    const before = saved()
    await sleep(20)
    expect(reader.wait({ timeoutMs: 1 })).toBe('timeout')
    expect(saved()).toEqual(before)
    const clock = performance.now.bind(performance)
    const later = vi.spyOn(performance, 'now').mockImplementation(() => clock() + 11_000)
    for (let looks = 0; looks < 100; looks++) expect(reader.next()).toBeUndefined()
    later.mockRestore()
    const after = saved()
    expect(after.heartbeatNs).toBeGreaterThan(before.heartbeatNs)
    expect([after.segmentId, after.offset]).toEqual([before.segmentId, before.offset])
    writer.close()
  })

  it('keeps the time of its last commit while messages are unread, also when it is opened again and again', async () => {
    const { directory, writer } = newQueue()
    appendNumbered(writer, 0, 5)
    const file = join(directory, 'readers', 'r.meta')
    const commitNs = () => decodeCommitNs(readFileSync(file), crc32)
    const renew = (reader: QueueReader) => {
      const later = vi.spyOn(performance, 'now').mockImplementation(() => clock() + 11_000 * ++renewals)
      for (let looks = 0; looks < 100; looks++) reader.next()
      later.mockRestore()
    }
    const clock = performance.now.bind(performance)
    let renewals = 0
    using reader = openReader(directory, 'r')
    reader.next()
    reader.commit()
    const committed = commitNs()
    await sleep(20)
    for (let times = 0; times < 3; times++) renew(reader)
    expect(commitNs()).toBe(committed)
    reader.close()
    openReader(directory, 'r').close()
    expect(commitNs()).toBe(committed)

    using again = openReader(directory, 'r')
    expect(drainSequences(again)).toEqual([1, 2, 3, 4])
    again.commit()
    const caughtUp = commitNs() ?? 0n
    expect(caughtUp).toBeGreaterThan(committed ?? 0n)
    await sleep(20)
    renew(again)
    // It has read and committed everything: nothing was unread at the time of the heartbeat.
    expect(commitNs()).toBeGreaterThan(caughtUp)
    writer.close()
  })
})
