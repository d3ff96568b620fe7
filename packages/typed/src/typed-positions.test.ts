import { openReader, openWriter } from '@chronicle-ts/core'
import { bool, message, utf8 } from '@chronicle-ts/schema'
import { describe, expect, it } from 'vitest'
import { Note, Quote, quote } from '../test/support/messages.js'
import { SMALL, useQueueFolder } from '../test/support/queue-folder.js'
import { asTypedReader, openTypedReader, openTypedWriter } from './index.js'

const folder = useQueueFolder()

/** The code of the error that a call throws. */
function codeOf(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return (error as { code?: unknown }).code ?? error
  }
  return undefined
}

describe('positions', () => {
  it('stay at a message whose bytes are not one of its type, and a commit ends before it', () => {
    using queue = openWriter(folder.queue(), SMALL)
    const good = Quote.encode(quote)
    const version = { schemaVersion: 2 }
    queue.append(1, good, version)
    queue.append(1, good.subarray(0, 20), version)
    queue.append(1, good, version)
    {
      using reader = openTypedReader(folder.queue(), 'r', [Quote])
      expect(reader.next()?.sequence).toBe(0)
      expect([codeOf(() => reader.next()), codeOf(() => reader.next())]).toEqual(['ERR_BAD_MESSAGE', 'ERR_BAD_MESSAGE'])
      reader.commit()
    }
    {
      using again = openTypedReader(folder.queue(), 'r', [Quote])
      expect(again.queue.nextSequence).toBe(1)
      expect(codeOf(() => again.next())).toBe('ERR_BAD_MESSAGE')
    }
    using tolerant = openTypedReader(folder.queue(), 'r', [Quote], { onBadMessage: 'skip' })
    expect(tolerant.next()?.sequence).toBe(2)
    expect(tolerant.skipped).toEqual({ byType: new Map([[1, 1]]), bad: 1 })
  })

  it('go where the program seeks to, also past a message that could not be delivered', () => {
    {
      using writer = openTypedWriter(folder.queue(), [Quote], SMALL)
      for (let id = 0; id < 6; id++) {
        if (id === 2) writer.queue.append(1, new Uint8Array(3))
        else writer.append(Quote, { ...quote, instrumentId: id })
      }
    }
    const atBad = () => {
      const reader = openTypedReader(folder.queue(), 'r', [Quote], { start: 'earliest' })
      expect([reader.next()?.sequence, reader.next()?.sequence, codeOf(() => reader.next())]).toEqual([0, 1, 'ERR_BAD_MESSAGE'])
      return reader
    }
    {
      using reader = atBad()
      reader.seek({ sequence: 3 })
      reader.commit()
      expect([reader.next()?.sequence, reader.next()?.sequence]).toEqual([3, 4])
      reader.seek('earliest')
      expect(reader.next()?.sequence).toBe(0)
      reader.seek({ sequence: 0 })
      reader.commit()
    }
    // The queue's own reader can be moved as well.
    using reader = atBad()
    reader.queue.seek({ sequence: 4 })
    reader.commit()
    expect(reader.next()?.sequence).toBe(4)
    using again = asTypedReader(openReader(folder.queue(), 'other'), [Quote])
    expect(again.next()?.sequence).toBe(0)
  })

  it('are those of the queue after the program read on and went back there: nothing is delivered twice', () => {
    {
      using writer = openTypedWriter(folder.queue(), [Quote], SMALL)
      for (let id = 0; id < 4; id++) {
        if (id === 1) writer.queue.append(1, new Uint8Array(3))
        else writer.append(Quote, { ...quote, instrumentId: id })
      }
    }
    using reader = openTypedReader(folder.queue(), 'r', [Quote], { start: 'earliest' })
    expect([reader.next()?.sequence, codeOf(() => reader.next())]).toEqual([0, 'ERR_BAD_MESSAGE'])

    expect(reader.queue.next()?.sequence).toBe(2)
    reader.queue.seek({ sequence: 2 })

    expect([reader.next()?.sequence, reader.next()?.sequence, reader.next()]).toEqual([2, 3, undefined])
  })

  it('move over a message that is bad by a field that the key or the predicate reads, when bad ones are skipped', () => {
    const Side = message('Side', 4, { isBuy: bool(), note: utf8() }).keyedBy('isBuy')
    {
      using writer = openTypedWriter(folder.queue(), [Side], SMALL)
      const [badKey, badNote] = [1, 2].map(() => Side.encode({ isBuy: true, note: 'x' }))
      badKey?.fill(77, 0, 1)
      badNote?.fill(0xff, 4, 8)
      for (const bytes of [badKey, badNote]) writer.queue.append(4, bytes as Uint8Array, { schemaVersion: 1 })
      writer.append(Side, { isBuy: true, note: 'good' })
    }
    const chosen = { key: new Set([true]), where: ({ note }: { note: string }) => note !== '' }
    using strict = openTypedReader(folder.queue(), 'strict', [Side], chosen)
    expect([codeOf(() => strict.next()), codeOf(() => strict.next())]).toEqual(['ERR_BAD_MESSAGE', 'ERR_BAD_MESSAGE'])
    using tolerant = openTypedReader(folder.queue(), 'tolerant', [Side], { ...chosen, onBadMessage: 'skip' })
    expect(tolerant.next()?.body.note).toBe('good')
    expect(tolerant.skipped).toEqual({ byType: new Map([[4, 2]]), bad: 2 })
  })

  it('stay at a message whose predicate throws, also when it is the first of its segment', () => {
    using queue = openWriter(folder.queue(), SMALL)
    const big = new Uint8Array(40_000)
    queue.append(8, big)
    queue.append(8, big)
    queue.roll()
    queue.append(1, Quote.encode(quote), { schemaVersion: 2 })
    let isBroken = true
    using reader = openTypedReader(folder.queue(), 'r', [Quote], {
      where: (q) => {
        if (isBroken) throw new Error('broken predicate')
        return q.bid > 0
      },
    })
    expect(() => reader.next()).toThrow('broken predicate')
    reader.commit()
    isBroken = false
    expect(reader.next()?.sequence).toBe(2)
    reader.close()
    using again = openTypedReader(folder.queue(), 'r', [Quote])
    expect(again.next()?.sequence).toBe(2)
  })

  it('move over what is skipped, which is counted per type and covered by a commit', () => {
    using writer = openTypedWriter(folder.queue(), [Quote, Note], SMALL)
    for (const instrumentId of [5, 6, 7]) for (const bid of [1, 0]) writer.append(Quote, { ...quote, instrumentId, bid })
    writer.append(Note, { text: 'not asked' })
    const seen: number[] = []
    {
      using reader = openTypedReader(folder.queue(), 'r', [Quote], { key: new Set([5, 7]), where: (q) => q.bid > 0 })
      for (let m = reader.next(); m !== undefined; m = reader.next()) seen.push(m.body.instrumentId)
      expect(reader.skipped).toEqual({
        byType: new Map([
          [1, 4],
          [3, 1],
        ]),
        bad: 0,
      })
      reader.commit()
    }
    expect(seen).toEqual([5, 7])
    using again = openTypedReader(folder.queue(), 'r', [Quote])
    expect(again.next()).toBeUndefined()
  })
})
