import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { f64, message, u32, utf8 } from '@chronicle-ts/schema'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { memoryQueue } from './index.js'

const Quote = message('Quote', 1, { id: u32(), bid: f64() }).keyedBy('id').since(2, { venue: u32() })
const Note = message('Note', 2, { text: utf8() })
const types = [Quote, Note] as const

describe('a queue of typed messages in memory', () => {
  it('drains what was written since the last time, as plain values', () => {
    using queue = memoryQueue({ types })
    queue.writer.write(Quote, (quote) => {
      quote.bid = 1
    })
    queue.writer.append(Note, { text: 'opened' })
    const drained = queue.drain()
    expect(drained).toMatchObject([
      { type: 'Quote', typeId: 1, schemaVersion: 2, sequence: 0, body: { id: 0, bid: 1 } },
      { type: 'Note', body: { text: 'opened' } },
    ])
    expect(queue.drain()).toEqual([])
    const [first] = drained
    if (first?.type === 'Quote') expectTypeOf(first.body.venue).toEqualTypeOf<number | undefined>()
    queue.writer.append(Note, { text: 'later' })
    expect(queue.drain().map(({ type, body }) => [type, body])).toEqual([['Note', { text: 'later' }]])
  })

  it('reads with types, keys and predicates, and closes what it opened', () => {
    const queue = memoryQueue({ types: [Quote] })
    for (let id = 0; id < 6; id++) queue.writer.append(Quote, { id, bid: id * 10 })
    const reader = queue.reader('r', { key: new Set([1, 2, 5]), where: (quote) => quote.bid < 50 })
    expect([reader.next()?.body.id, reader.next()?.body.id, reader.next()]).toEqual([1, 2, undefined])
    reader.commit()
    const observer = queue.observer({ start: { sequence: 4 }, where: ({ id }) => id === 5 })
    expect([observer.next()?.body.bid, observer.next()]).toEqual([50, undefined])
    queue.close()
    expect([reader.closed, observer.closed, existsSync(queue.directory)]).toEqual([true, true, false])
  })

  it('writes on after a crash and after a power cut', () => {
    using queue = memoryQueue({ types })
    const { writer } = queue
    writer.append(Note, { text: 'durable' })
    writer.queue.flushSync()
    queue.crash()
    expect(() => writer.append(Note, { text: 'dead' })).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
    queue.writer.append(Note, { text: 'lost' })
    queue.cutPower()
    queue.writer.append(Quote, { id: 7, bid: 2 })
    expect(queue.drain().map(({ type, body }) => [type, body])).toEqual([
      ['Note', { text: 'durable' }],
      ['Quote', { id: 7, bid: 2, venue: undefined }],
    ])
  })

  it('skips no message silently', () => {
    using queue = memoryQueue({ types: [Note] })
    queue.queue.writer.append(99, Buffer.from('no type'))
    expect(() => queue.drain()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    queue.queue.writer.append(Note.typeId, Buffer.from('x'))
    expect(() => queue.drain()).toThrow(expect.objectContaining({ code: 'ERR_BAD_MESSAGE' }))
    expect(queue.queue.drain()).toEqual([])
  })

  it('leaves nothing when its types are refused', () => {
    const folders = () =>
      readdirSync('/dev/shm').filter((name) => new RegExp(`^chronicle-testing-\\d+-${process.pid}-`).test(name))
    const before = folders()
    expect(() => memoryQueue({ types: [] })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    expect(() => memoryQueue({ types: [Quote], extensions: false })).toThrow(/true for Quote in version 2/)
    expect(folders()).toEqual(before)
    using queue = memoryQueue({ types: [Note], extensions: false })
    expect(existsSync(join(queue.directory, 'schemas', '2.1.json'))).toBe(true)
  })
})
