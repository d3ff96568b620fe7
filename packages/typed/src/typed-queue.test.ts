import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { message, readSchemas, u8, u16, u32, utf8 } from '@chronicle-ts/schema'
import { describe, expect, it } from 'vitest'
import { Depth, Note, Quote, QuoteV1, quote } from '../test/support/messages.js'
import { SMALL, useQueueFolder } from '../test/support/queue-folder.js'
import { asTypedWriter, openTypedObserver, openTypedReader, openTypedReaderAsync, openTypedWriter } from './index.js'

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

describe('openTypedWriter and openTypedReader', () => {
  it('write fields in place and read them back, each type with its own body', () => {
    using writer = openTypedWriter(folder.queue(), [Quote, Depth, Note], SMALL)
    const sequences = [
      writer.write(Quote, (q) => {
        Object.assign(q, { tsEvent: 5n, instrumentId: 7, side: 'sell', bid: 60123.5, ask: 60124, symbol: 'BTC-USD' })
        q.price.set(60123_500000000n)
      }),
      writer.write(Depth, { bids: 2, weights: 3, cov: true, note: 40 }, (d) => {
        d.bids.at(1).price = 1.5
        d.weights.set([1, 2, 3])
        d.cov.row(3)[3] = 9
        d.note = 'öffnung'
      }),
      writer.append(Note, { text: 'hello' }, { timestampNs: 77n }),
      writer.append(Quote, { ...quote, venue: 12 }),
    ]
    expect(sequences).toEqual([0, 1, 2, 3])
    using reader = openTypedReader(folder.queue(), 'r', [Quote, Depth, Note])
    const first = reader.next()
    expect([first?.type, first?.sequence, first?.schemaVersion]).toEqual(['Quote', 0, 2])
    expect(first?.value()).toEqual({ ...quote, side: 'sell' })
    expect(first?.type === 'Quote' && first.body.venue).toBeUndefined()
    const second = reader.next()
    if (second?.type !== 'Depth') throw new Error('a Depth was written')
    expect([second.body.bids.length, second.body.bids.at(1).price, [...second.body.weights]]).toEqual([2, 1.5, [1, 2, 3]])
    expect([second.body.cov.row(3)[3], second.body.note]).toEqual([9, 'öffnung'])
    expect(reader.next()).toMatchObject({ type: 'Note', body: { text: 'hello' }, timestampNs: 77n })
    expect(reader.next()?.value()).toEqual({ ...quote, venue: 12 })
    expect(reader.next()).toBeUndefined()
    reader.commit()
    expect(reader.queue.lag().messages).toBe(0)
  })

  it('writes what is longer than the scratch memory into a claim, and leaves no claim open when that fails', () => {
    using writer = openTypedWriter(folder.queue(), [Depth], SMALL)
    expect(
      codeOf(() =>
        writer.write(Depth, { bids: 1000, note: 10 }, (d) => {
          d.bids.at(999).size = 4
          d.note = 'far too long for ten bytes'
        }),
      ),
    ).toBe('ERR_INVALID_ARGUMENT')
    expect(
      writer.write(Depth, { bids: 1000, note: 10 }, (d) => Object.assign(d.bids.at(999), { size: 4 }), { timestampNs: 5n }),
    ).toBe(0)
    expect(
      writer.append(Depth, {
        tsEvent: 1n,
        bids: Array.from({ length: 900 }, (_, size) => ({ price: 1, size })),
        weights: [],
        cov: new Float64Array(16),
        note: '',
      }),
    ).toBe(1)
    using reader = openTypedReader(folder.queue(), 'r', [Depth])
    const message = reader.next()
    expect([message?.body.bids.at(999).size, message?.body.bids.at(0).size, message?.timestampNs]).toEqual([4, 0, 5n])
    expect(reader.next()?.body.bids.at(899).size).toBe(899)
    expect(reader.next()).toBeUndefined()
  })

  it('appends values without throwing for a full queue, and asynchronously', async () => {
    using writer = openTypedWriter(folder.queue(), [Quote, Note], SMALL)
    expect(writer.tryAppend(Quote, quote)).toEqual({ status: 'appended', sequence: 0 })
    expect(await writer.appendAsync(Note, { text: 'later' })).toBe(1)
    using reader = await openTypedReaderAsync(folder.queue(), 'r', [Quote, Note])
    expect([reader.next()?.type, reader.next()?.type]).toEqual(['Quote', 'Note'])
  })

  it('makes a typed writer of a writer that is open, and an observer that leaves no trace', () => {
    using queue = openWriter(folder.queue(), SMALL)
    const writer = asTypedWriter(queue, [Quote])
    writer.append(Quote, quote)
    queue.append(99, Buffer.from('without a type'))
    using observer = openTypedObserver(folder.queue(), [Quote])
    expect(observer.next()?.body.symbol).toBe('BTC-USD')
    expect(observer.next()).toBeUndefined()
    expect(observer.skipped).toEqual({ byType: new Map([[99, 1]]), bad: 0 })
    expect(existsSync(join(folder.queue(), 'readers')) ? readdirSync(join(folder.queue(), 'readers')) : []).toEqual([])
  })
})

describe('what is refused', () => {
  it.each([
    ['a number out of range', (q: object) => Object.assign(q, { instrumentId: 2 ** 32 })],
    ['a text that is too long', (q: object) => Object.assign(q, { symbol: 'MUCH-TOO-LONG' })],
    ['an asynchronous function', async () => undefined],
  ])('%s publishes nothing', (_, fill) => {
    using writer = openTypedWriter(folder.queue(), [Quote], SMALL)
    expect(codeOf(() => writer.write(Quote, fill as never))).toBe('ERR_INVALID_ARGUMENT')
    expect(writer.queue.nextSequence).toBe(0)
    expect(writer.append(Quote, quote)).toBe(0)
  })

  it('what fill throws comes out as it is, and publishes nothing', () => {
    using writer = openTypedWriter(folder.queue(), [Quote, Depth], SMALL)
    const error = new Error('mine')
    const fill = () => {
      throw error
    }
    expect(codeOf(() => writer.write(Quote, fill))).toBe(error)
    expect(codeOf(() => writer.write(Depth, { note: 10_000 }, fill))).toBe(error)
    expect(writer.append(Quote, quote)).toBe(0)
  })

  it('L53: a write from within fill is refused before anything changed', () => {
    using writer = openTypedWriter(folder.queue(), [Quote], SMALL)
    let code: unknown
    writer.write(Quote, (q) => {
      q.bid = 1
      code = [codeOf(() => writer.write(Quote, () => undefined)), codeOf(() => writer.append(Quote, quote))]
      q.ask = 2
    })
    expect(code).toEqual(['ERR_BUSY', 'ERR_BUSY'])
    using reader = openTypedReader(folder.queue(), 'r', [Quote])
    expect(reader.next()?.body).toMatchObject({ bid: 1, ask: 2 })
  })

  it('a write from within the fill of a long message is refused before anything changed, too', () => {
    using writer = openTypedWriter(folder.queue(), [Quote, Depth], { segmentSize: 1 << 20 })
    const codes: unknown[] = []
    writer.write(Depth, { bids: 5000 }, (d) => {
      d.bids.at(0).price = 1
      // The same type is the worst: its body would move to the inner message.
      codes.push(codeOf(() => writer.write(Depth, { bids: 5000 }, () => undefined)))
      codes.push(codeOf(() => writer.write(Depth, { bids: 9000 }, () => undefined)))
      codes.push(codeOf(() => writer.write(Depth, { bids: 1 }, () => undefined)))
      codes.push(codeOf(() => writer.append(Quote, quote)))
      d.bids.at(4999).price = 2
    })
    expect(codes).toEqual(new Array(4).fill('ERR_BUSY'))
    using reader = openTypedReader(folder.queue(), 'r', [Depth])
    const bids = reader.next()?.body.bids
    expect([bids?.length, bids?.at(0).price, bids?.at(4999).price]).toEqual([5000, 1, 2])
    expect(reader.next()).toBeUndefined()
  })

  it('a read from within a predicate is refused, and what is judged stays where it is', () => {
    using writer = openTypedWriter(folder.queue(), [Quote], SMALL)
    for (let id = 0; id < 3; id++) writer.append(Quote, { ...quote, instrumentId: id })
    const codes: unknown[] = []
    using reader = openTypedReader(folder.queue(), 'r', [Quote], {
      where: () => {
        codes.push(codeOf(() => reader.next()))
        return true
      },
    })
    expect([0, 1, 2].map(() => reader.next()?.body.instrumentId)).toEqual([0, 1, 2])
    expect(codes).toEqual(new Array(3).fill('ERR_BUSY'))
  })

  it('types that the writer was not opened with, types without a place, and lists that are not of types', () => {
    using writer = openTypedWriter(folder.queue(), [Quote, Note], SMALL)
    expect(codeOf(() => writer.write(Depth as never, () => undefined))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => writer.write(Note as never, () => undefined))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => openTypedWriter(folder.queue('other'), [] as never))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => openTypedWriter(folder.queue('other'), [Quote, QuoteV1]))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => openTypedReader(folder.queue(), 'r', [Note], { key: new Set() }))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => openTypedReader(folder.queue(), 'r', [Note], { where: 'bid > 1' as never }))).toBe('ERR_INVALID_ARGUMENT')
    expect(existsSync(folder.queue('other'))).toBe(false)
  })

  it('names that a schema cannot have', () => {
    expect(codeOf(() => message('X', 1, { 0: u8() }))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => message('X', 1, { a: u8() }).since(2, { a: u8() }))).toBe('ERR_INVALID_ARGUMENT')
    expect(codeOf(() => message('X', 1, { a: utf8() }).keyedBy('a'))).toBe('ERR_INVALID_ARGUMENT')
  })
})

describe('the registry', () => {
  const Changed = message('Quote', 1, { tsEvent: u32() })

  it('holds each type when the first message can be written', () => {
    using writer = openTypedWriter(folder.queue(), [Quote, Note], SMALL)
    expect(writer.queue.nextSequence).toBe(0)
    const { schemas, problems } = readSchemas(folder.queue())
    expect(problems).toEqual([])
    expect(schemas.map(({ name, version, key }) => [name, version, key])).toEqual([
      ['Quote', 2, 'instrumentId'],
      ['Note', 1, undefined],
    ])
  })

  it('refuses a redefinition before any append, to writers and to readers, with the difference', () => {
    openTypedWriter(folder.queue(), [Quote], SMALL).close()
    expect(() => openTypedWriter(folder.queue(), [Changed], SMALL)).toThrow(/tsEvent was u32 and is timestampNs in version 2/)
    expect(codeOf(() => openTypedReader(folder.queue(), 'r', [Changed]))).toBe('ERR_SCHEMA_INCOMPATIBLE')
    openReader(folder.queue(), 'r').close()
    openTypedWriter(folder.queue(), [Quote]).close()
  })

  it('refuses a wanted type in an unknown encoding, and only that', () => {
    openTypedWriter(folder.queue(), [Quote, Note], SMALL).close()
    const path = join(folder.queue(), 'schemas', '3.1.json')
    writeFileSync(path, JSON.stringify({ format: 'chronicle-schema', formatVersion: 1, name: 'Note', encoding: 'capnp' }))
    expect(codeOf(() => openTypedReader(folder.queue(), 'r', [Note]))).toBe('ERR_SCHEMA_INCOMPATIBLE')
    openTypedReader(folder.queue(), 'r', [Quote]).close()
    expect(readSchemas(folder.queue()).foreign).toEqual([{ typeId: 3, version: 1, encoding: 'capnp' }])
  })

  it('that is lost, damaged or cannot be written blocks no caller', () => {
    openTypedWriter(folder.queue(), [Quote], SMALL).close()
    const schemas = join(folder.queue(), 'schemas')
    writeFileSync(join(schemas, '1.2.json'), '{"half')
    openTypedReader(folder.queue(), 'r', [Quote]).close()
    using repaired = openTypedWriter(folder.queue(), [Quote])
    expect(readSchemas(folder.queue()).problems).toEqual([])
    repaired.close()
    rmSync(schemas, { recursive: true })
    openTypedReader(folder.queue(), 'r', [Quote]).close()
    writeFileSync(schemas, 'not a folder')
    using writer = openTypedWriter(folder.queue(), [Quote])
    expect(writer.registryProblems.map(({ type, error }) => [type, error.code])).toEqual([['Quote', 'ERR_IO']])
    expect(writer.append(Quote, quote)).toBe(0)
  })
})

describe('a registry file', () => {
  /** What writers of other programs, crashes and people leave there. */
  const DAMAGES: readonly [string, (path: string) => void][] = [
    ['deleted', (path) => rmSync(path)],
    ['empty', (path) => writeFileSync(path, '')],
    ['bytes that are not text', (path) => writeFileSync(path, Buffer.from([0, 255, 254, 1]))],
    ['cut in the middle', (path) => writeFileSync(path, readFileSync(path).subarray(0, 200))],
    ['JSON of something else', (path) => writeFileSync(path, '[null]')],
    ['nested a hundred thousand times', (path) => writeFileSync(path, '['.repeat(100_000))],
    ['larger than any schema', (path) => writeFileSync(path, ' '.repeat(17 * 1024 * 1024))],
    ['of a later format', changed((file) => Object.assign(file, { formatVersion: 99 }))],
    ['of another type', changed((file) => Object.assign(file, { typeId: 77 }))],
    ['with a field outside of every payload', changed((file) => Object.assign(file.fields[2] ?? {}, { offset: 1e9 }))],
    ['with a field before every payload', changed((file) => Object.assign(file.fields[2] ?? {}, { offset: -8 }))],
    ['with a field of an unknown kind', changed((file) => Object.assign(file.fields[2] ?? {}, { kind: 'quux' }))],
    [
      'with a field named as a part of every object',
      changed((file) => Object.assign(file.fields[2] ?? {}, { name: '__proto__' })),
    ],
    ['with a damaged letter in the name of a field', letter('"tsEvent"', '"tsEvenu"')],
    ['with a damaged letter in the name of the type', letter('"Quote"', '"Quoue"')],
    ['with a damaged letter in its encoding', letter('"flat1"', '"fmat1"')],
    ['with a field of a version that no record can have', changed((file) => Object.assign(file.fields[2] ?? {}, { since: 300 }))],
    ['a directory', (path) => replaceWith(path, () => mkdirSync(path))],
    ['a link out of the queue', (path) => replaceWith(path, () => symlinkSync('/etc/hostname', path))],
    ['a link to itself', (path) => replaceWith(path, () => symlinkSync('1.2.json', path))],
    ['a pipe without a writer', (path) => replaceWith(path, () => execFileSync('mkfifo', [path]))],
  ]

  function letter(text: string, damaged: string): (path: string) => void {
    return (path) => writeFileSync(path, readFileSync(path, 'utf8').replace(text, damaged))
  }

  /** Without a checksum, which would find each of these changes. */
  function changed(change: (file: { fields: object[] }) => void): (path: string) => void {
    return (path) => {
      const { checksum: _checksum, ...file } = JSON.parse(readFileSync(path, 'utf8'))
      change(file)
      writeFileSync(path, JSON.stringify(file))
    }
  }

  function replaceWith(path: string, make: () => void): void {
    rmSync(path)
    make()
  }

  it.each(DAMAGES)('that is %s blocks no open, and no message is read otherwise', (_, damage) => {
    {
      using writer = openTypedWriter(folder.queue(), [Quote], SMALL)
      writer.append(Quote, { ...quote, venue: 3 })
    }
    damage(join(folder.queue(), 'schemas', '1.2.json'))
    using before = openTypedObserver(folder.queue(), [Quote])
    expect(before.next()?.value()).toEqual({ ...quote, venue: 3 })
    using writer = openTypedWriter(folder.queue(), [Quote, Note])
    writer.append(Note, { text: 'on' })
    using reader = openTypedReader(folder.queue(), 'r', [Quote, Note])
    expect([reader.next()?.value(), reader.next()?.value()]).toEqual([{ ...quote, venue: 3 }, { text: 'on' }])
  })
})

describe('versions', () => {
  it('reads what older and newer definitions wrote', () => {
    using older = openTypedWriter(folder.queue(), [QuoteV1], SMALL)
    older.append(QuoteV1, quote)
    older.close()
    const Later = Quote.since(9, { later: u16() })
    using newer = openTypedWriter(folder.queue(), [Later])
    newer.append(Later, { ...quote, venue: 4, later: 5 })
    using observer = openTypedObserver(folder.queue(), [Quote])
    expect([observer.next()?.body.venue, observer.next()?.body.venue]).toEqual([undefined, 4])
    expect(readSchemas(folder.queue()).schemas.map(({ version }) => version)).toEqual([1, 9])
  })

  it('takes version 0 for version 1, if the payload is long enough', () => {
    using queue = openWriter(folder.queue(), SMALL)
    queue.append(1, QuoteV1.encode(quote))
    queue.append(1, QuoteV1.encode(quote).subarray(0, 10))
    using reader = openTypedReader(folder.queue(), 'r', [Quote])
    const first = reader.next()
    expect([first?.schemaVersion, first?.body.symbol, first?.body.venue]).toEqual([0, 'BTC-USD', undefined])
    expect(codeOf(() => reader.next())).toBe('ERR_BAD_MESSAGE')
  })

  it('refuses later versions where records have no room to say them', () => {
    expect(codeOf(() => openTypedWriter(folder.queue(), [Quote], { ...SMALL, extensions: false }))).toBe('ERR_INVALID_ARGUMENT')
    using writer = openTypedWriter(folder.queue(), [QuoteV1], { ...SMALL, extensions: false })
    writer.append(QuoteV1, quote)
    using reader = openTypedReader(folder.queue(), 'r', [Quote])
    expect(reader.next()?.body.bid).toBe(60123.5)
  })
})

describe('messages()', () => {
  it('yields what is there and what comes, and ends at the signal while it waits', async () => {
    using writer = openTypedWriter(folder.queue(), [Quote], SMALL)
    writer.append(Quote, quote)
    using reader = openTypedReader(folder.queue(), 'r', [Quote])
    const ending = new AbortController()
    const bids: number[] = []
    for await (const { body } of reader.messages({ signal: ending.signal })) {
      bids.push(body.bid)
      if (bids.length === 1) setImmediate(() => writer.append(Quote, { ...quote, bid: 2 }))
      else setImmediate(() => ending.abort())
    }
    expect(bids).toEqual([60123.5, 2])
  })

  it('ends at return() and at close() while it waits', async () => {
    openTypedWriter(folder.queue(), [Quote], SMALL).close()
    using reader = openTypedReader(folder.queue(), 'r', [Quote])
    const messages = reader.messages()
    const waiting = messages.next()
    await messages.return(undefined)
    expect(await waiting).toEqual({ value: undefined, done: true })
    const closed = reader.messages().next()
    reader.close()
    expect(await closed).toEqual({ value: undefined, done: true })
  })

  it('lets the event loop turn while it skips messages', async () => {
    using queue = openWriter(folder.queue(), { segmentSize: 1024 * 1024 })
    for (let index = 0; index < 3000; index++) queue.append(9, new Uint8Array(1))
    queue.append(1, Quote.encode(quote), { schemaVersion: 2 })
    using reader = openTypedReader(folder.queue(), 'r', [Quote])
    let turns = 0
    const count = (): void => {
      turns++
      immediate = setImmediate(count)
    }
    let immediate = setImmediate(count)
    const { value } = await reader.messages().next()
    clearImmediate(immediate)
    expect(value?.sequence).toBe(3000)
    expect(turns).toBeGreaterThanOrEqual(4)
  })

  it('throws what reading throws, and ends', async () => {
    using queue = openWriter(folder.queue(), SMALL)
    queue.append(1, new Uint8Array(3))
    using observer = openTypedObserver(folder.queue(), [Quote])
    const messages = observer.messages()
    await expect(messages.next()).rejects.toMatchObject({ code: 'ERR_BAD_MESSAGE' })
    expect(await messages.next()).toEqual({ value: undefined, done: true })
  })
})
