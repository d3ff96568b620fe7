import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { listReaders, openObserver, openReader, openWriter } from '../index.js'

describe('a reader’s file', () => {
  it('begins again when it holds zeros, which a power cut leaves of a registration that was not synced', () => {
    const directory = temporaryDirectory()
    using writer = openWriter(directory, { segmentSize: 4096, retention: { consumed: true } })
    appendNumbered(writer, 0, 20)
    openReader(directory, 'a', { start: 'latest' }).close()
    writeFileSync(join(directory, 'readers', 'a.meta'), Buffer.alloc(80))
    expect(writer.explainRetention().flatMap(({ pinnedBy }) => pinnedBy)).toEqual([])
    const reader = openReader(directory, 'a')
    expect(drainSequences(reader)).toEqual(range(0, 20))
    reader.commit({ durable: true })
    reader.close()
    using resumed = openReader(directory, 'a')
    expect(resumed.next()).toBeUndefined()
  })

  it.each([0, 80])(
    'L10: is no registration while it has no position: %i bytes, which a failed open could not delete',
    (length) => {
      const directory = temporaryDirectory()
      using writer = openWriter(directory, { segmentSize: 4096 })
      openReader(directory, 'b').close()
      writeFileSync(join(directory, 'readers', 'a.meta'), Buffer.alloc(length))
      expect(listReaders(directory).map(({ name }) => name)).toEqual(['b'])
      expect(writer.nextSequence).toBe(0)
    },
  )

  it('saves durably in a file that another open made', () => {
    const directory = temporaryDirectory()
    using writer = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(writer, 0, 20)
    openReader(directory, 'a').close()
    const reader = openReader(directory, 'a')
    for (const _ of range(0, 7)) reader.next()
    reader.commit({ durable: true })
    reader.commit({ durable: true })
    reader.close()
    using resumed = openReader(directory, 'a')
    expect(resumed.next()?.sequence).toBe(7)
  })
})

describe('the lag', () => {
  it('is not known in messages where the writer does not count them', () => {
    const directory = temporaryDirectory()
    using writer = openWriter(directory, { segmentSize: 4096, extensions: false })
    appendNumbered(writer, 0, 3)
    using observer = openObserver(directory)
    const { messages, bytes, ns } = observer.lag()
    expect(messages).toBeNaN()
    expect(bytes).toBe(writer.position.offset - 64)
    expect(ns).toBeGreaterThan(0n)
  })

  it('counts what is in segments between, and ends at 0', () => {
    const directory = temporaryDirectory()
    using writer = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(writer, 0, 100)
    using reader = openReader(directory, 'a')
    const { segmentId, offset } = writer.position
    expect(reader.lag()).toMatchObject({ messages: 100, bytes: segmentId * 4096 + offset - 64 })
    for (const read of range(1, 101)) {
      reader.next()
      expect(reader.lag().messages).toBe(100 - read)
    }
    expect(reader.lag()).toEqual({ messages: 0, bytes: 0, ns: 0n })
  })
})
