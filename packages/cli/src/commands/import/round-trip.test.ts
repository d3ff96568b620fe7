import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { readSources, writeSources } from '@chronicle-ts/core/internal'
import { type ColdRecord, openColdReader } from '@chronicle-ts/inspect'
import { f64, jsonMessage, message, readSchemas, saveSchema, u16, utf8 } from '@chronicle-ts/schema'
import { openTypedWriter } from '@chronicle-ts/typed'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli, runCliProcess } from '../../../test/support/run-cli.js'

/** Payloads that text formats like to lose. */
const AWKWARD = [
  '',
  'plain',
  'comma, "quote" and \'apostrophe\'',
  'two\nlines\r\nand a third\r',
  '\u2028 and \u2029 are line ends to some',
  '\ufeffbyte order mark',
  '"',
  '\0 nul \u0007 bell',
  'Größe 5 €, 𝄞',
  '{"sequence":1}',
  '\\n \\u0041',
].map((text) => Buffer.from(text))
const BINARY = [Buffer.from([0xff, 0xfe, 0x00]), Buffer.from([0xc3]), Buffer.alloc(70_000, 0x80)]

let folder: QueueFolder
let source: string

beforeEach(() => {
  folder = new QueueFolder()
  source = folder.join('source')
  using writer = openWriter(source, { segmentSize: 128 * 1024 })
  for (const [index, payload] of [...AWKWARD, ...BINARY].entries()) {
    writer.append(index * 5000, payload, { timestampNs: 1_700_000_000_123_456_789n + BigInt(index) })
  }
})
afterEach(() => folder.remove())

describe('chron-cli export and import', () => {
  it.each(['ndjson', 'csv'])('lose nothing on the way through %s', (format) => {
    const file = folder.join('messages')
    const exported = runCli(['export', source, '--format', format, '-o', file])
    const imported = runCli(['import', folder.join('copy'), file, '--format', format, '--segment-size', '128KiB', '--yes'])
    expect([exported.exitCode, imported.exitCode]).toEqual([0, 0])
    expect(messages(folder.join('copy'))).toEqual(messages(source))
  })

  it.each(['ndjson', 'csv'])(
    'keep the versions of typed messages on the way through %s, also where an import is resumed',
    (format) => {
      const [typed, file, copy] = [folder.join('typed'), folder.join('messages'), folder.join('copy')]
      {
        using writer = openWriter(typed, { segmentSize: 65536 })
        for (const schemaVersion of [0, 1, 255]) writer.append(7, Buffer.from('x'), { timestampNs: 5n, schemaVersion })
      }
      runCli(['export', typed, '--format', format, '-o', file])
      const versions = () => messages(copy).map(({ schemaVersion }) => schemaVersion)
      for (const args of [[], ['--resume']]) {
        const { exitCode } = runCli(['import', copy, file, '--format', format, ...args, '--yes'])
        expect([exitCode, versions()]).toEqual([0, [0, 1, 255]])
      }
    },
  )

  it.each(['ndjson', 'csv'])('keep what messages carry and what they need, on the way through %s', (format) => {
    const [typed, file, copy] = [folder.join('typed'), folder.join('messages'), folder.join('copy')]
    const Quote = message('Quote', 5, { bid: f64(), note: utf8() })
    {
      using writer = openTypedWriter(typed, [Quote, jsonMessage<unknown>('Log', 9)])
      writer.append(Quote, { bid: 1.5, note: 'a' })
    }
    saveSchema(typed, Quote.since(2, { venue: u16() }))
    writeSources(typed, [
      { id: 1, name: 'quotes', queueId: 'ab'.repeat(16) },
      { id: 7, name: 'fills' },
    ])
    {
      using writer = openWriter(typed)
      const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }
      const source = { sourceSequence: 2 ** 40, sourceId: 7, sourceEpoch: 0xffff_ffff, outputIndex: 65_535, isLastOutput: false }
      writer.append(1, Buffer.from('t'), { timestampNs: 2n ** 64n - 1n, trace })
      writer.append(1, Buffer.from('u'), { timestampNs: 1n, schemaVersion: 3, trace: { ...trace, sampled: true, random: true } })
      writer.append(65_534, Buffer.from([0xff]), { timestampNs: 1_700_000_000_123_456_789n, source })
      writer.append(0, Buffer.from(''), { source: { ...source, sourceId: 1, isLastOutput: true, outputIndex: 0 } })
    }
    expect(runCli(['export', typed, '--format', format, '-o', file]).exitCode).toBe(0)
    const registry = format === 'csv' ? ['--registry', typed] : []
    for (const args of [[], ['--resume']]) {
      const { exitCode, stderr } = runCli(['import', copy, file, '--format', format, ...registry, ...args, '--yes'])
      expect([exitCode, stderr]).toEqual([0, ''])
      expect(wholeMessages(copy)).toEqual(wholeMessages(typed))
      expect(readSchemas(copy)).toEqual(readSchemas(typed))
      expect(readSources(copy)).toEqual(readSources(typed))
    }
    const lines = (queue: string) => runCli(['tail', queue, '--json', '-n', '9']).stdout
    expect(lines(copy)).toBe(lines(typed).replaceAll(typed, copy))
    expect(lines(copy)).toContain('"fields":{"bid":1.5')
  })

  it('bring only the types that were asked for, with the first message that is written', () => {
    const typed = folder.join('typed')
    const [A, B] = [message('A', 1, { a: f64() }), message('B', 2, { b: f64() })]
    {
      using writer = openTypedWriter(typed, [A, B])
      for (let index = 0; index < 4; index++) writer.append(index % 2 === 0 ? A : B, index % 2 === 0 ? { a: 1 } : { b: 2 })
    }
    const { stdout } = runCli(['export', typed, '--type', '2', '--from-sequence', '2'])
    const written = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { schemas?: { name: string }[] })
    expect(written.map(({ schemas }) => schemas?.map(({ name }) => name))).toEqual([['B']])
    expect(runCli(['export', source]).stdout).not.toContain('"schemas"')
  })

  it('append nothing where the queue has other types, or other sources of these numbers', () => {
    const [typed, other, file] = [folder.join('typed'), folder.join('other'), folder.join('messages')]
    const Quote = message('Quote', 5, { bid: f64() })
    {
      using writer = openTypedWriter(typed, [Quote])
      writer.append(Quote, { bid: 1 })
    }
    openTypedWriter(other, [message('Quote', 5, { bid: u16() })]).close()
    runCli(['export', typed, '-o', file])
    for (const args of [[], ['--yes']]) {
      const { exitCode, stderr } = runCli(['import', other, file, ...args])
      expect({ exitCode, says: stderr.includes('bid was u16 and is f64') }).toEqual({ exitCode: 1, says: true })
    }
    expect(messages(other)).toEqual([])
    writeSources(typed, [{ id: 1, name: 'quotes' }])
    for (const sources of [
      [{ id: 1, name: 'fills' }],
      [{ id: 2, name: 'quotes' }],
      [{ id: 1, name: 'quotes', queueId: 'ab'.repeat(16) }],
    ]) {
      writeSources(source, sources)
      runCli(['export', typed, '-o', file])
      const { exitCode, stderr } = runCli(['import', source, file, '--yes'])
      expect({ exitCode, says: stderr.includes('source 1 of the messages is quotes') }).toEqual({ exitCode: 1, says: true })
    }
    expect(messages(source)).toHaveLength(AWKWARD.length + BINARY.length)
  })

  it.each([
    ['{"text":"x","trace":{"traceId":"00","spanId":"00f067aa0ba902b7"}}', 'trace must have'],
    [`{"text":"x","trace":{"traceId":"${'0'.repeat(32)}","spanId":"00f067aa0ba902b7"}}`, 'trace must have'],
    ['{"text":"x","source":{"sourceSequence":1}}', 'source must have'],
    ['{"text":"x","source":null,"trace":null}', 'a message has room for'],
    ['{"text":"x","schemas":{}}', 'schemas must be'],
    ['{"text":"x","schemas":[{"format":"chronicle-schema"}]}', 'schemas must be'],
    ['{"text":"x","sources":[{"id":0}]}', 'sources must be'],
  ])('refuse what a record cannot carry: %s', (line, reason) => {
    const file = folder.join('messages')
    writeFileSync(file, `${line}\n`)
    const { exitCode, stderr } = runCli(['import', folder.join('copy'), file, '--yes'])
    expect({ exitCode, says: stderr.includes(`:1: ${reason}`), made: existsSync(folder.join('copy')) }).toEqual({
      exitCode: 1,
      says: true,
      made: false,
    })
  })

  it('need a queue to take types from', () => {
    const file = folder.join('messages')
    writeFileSync(file, 'x\n')
    const { exitCode } = runCli(['import', folder.join('copy'), file, '--format', 'lines', '--registry', folder.path, '--yes'])
    expect([exitCode, existsSync(folder.join('copy'))]).toEqual([1, false])
  })

  it('refuse a version that no record can hold', () => {
    const file = folder.join('messages')
    writeFileSync(file, '{"text":"x","schemaVersion":256}\n')
    expect(runCli(['import', folder.join('copy'), file, '--yes']).stderr).toContain('schemaVersion must be a whole number')
  })

  it('never write over a file of the queue that they read', () => {
    const before = fingerprint(source)
    symlinkSync(join(source, '000000000.q'), folder.join('link'))
    for (const output of [join(source, '000000000.q'), join(source, 'new'), folder.join('link')])
      expect(runCli(['export', source, '-o', output]).exitCode).toBe(1)
    expect(fingerprint(source)).toEqual(before)
  })

  it('writes raw payloads one after the other', () => {
    runCli(['export', source, '--format', 'raw', '-o', folder.join('raw')])
    expect(readFileSync(folder.join('raw'))).toEqual(Buffer.concat([...AWKWARD, ...BINARY]))
  })

  it('prints CSV with a line of names', async () => {
    const queue = folder.copyGolden('repaired')
    await expect(runCli(['export', queue, '--format', 'csv']).stdout).toMatchFileSnapshot(
      '../../../test/golden/export-repaired.csv',
    )
  })

  it('chooses by time, sequence, type and count', () => {
    const queue = folder.copyGolden('rolled')
    const sequences = (...args: string[]) =>
      runCli(['export', queue, ...args])
        .stdout.trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { sequence: number }).sequence)
    expect(sequences('--from-sequence', '20', '--to-sequence', '23')).toEqual([20, 21, 22, 23])
    expect(sequences('--since', '1700000000000058000')).toEqual([58, 59])
    expect(sequences('--type', '7', '--limit', '2')).toEqual([6, 13])
  })

  it('makes messages of lines and of whole inputs', () => {
    writeFileSync(folder.join('lines'), 'one\r\ntwo\n\nfour')
    runCli(['import', folder.join('lined'), folder.join('lines'), '--format', 'lines', '--type', '7', '--yes'])
    runCli(['import', folder.join('whole'), folder.join('lines'), '--format', 'raw', '--yes'])
    expect(messages(folder.join('lined')).map(({ typeId, payload }) => [typeId, payload.toString()])).toEqual([
      [7, 'one'],
      [7, 'two'],
      [7, ''],
      [7, 'four'],
    ])
    expect(messages(folder.join('whole')).map(({ payload }) => payload.toString())).toEqual(['one\r\ntwo\n\nfour'])
  })

  it('reads standard input', () => {
    const input = runCli(['export', source]).stdout
    const { stdout } = runCliProcess(['import', folder.join('copy'), '--yes'], { input })
    expect(stdout).toContain(`${AWKWARD.length + BINARY.length} messages appended`)
  })

  it('writes nothing without --yes', () => {
    runCli(['export', source, '-o', folder.join('file')])
    const { exitCode, stdout } = runCli(['import', folder.join('copy'), folder.join('file')])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: '14 messages understood. Nothing was written. Add --yes to do it.\n',
    })
    expect(runCli(['inspect', folder.join('copy')]).exitCode).toBe(1)
  })

  it.each([
    ['{"text":"a"}\nnonsense\n', ':2: not JSON'],
    ['{"typeId":1}\n', ':1: neither text nor base64'],
    ['{"typeId":65535,"text":""}\n', ':1: typeId must be'],
    ['{"timestampNs":"yesterday","text":""}\n', ':1: timestampNs must be'],
  ])('names the line that is not a message: %j', (text, error) => {
    writeFileSync(folder.join('bad'), text)
    const { exitCode, stderr } = runCli(['import', folder.join('copy'), folder.join('bad'), '--yes'])
    expect({ exitCode, says: stderr.includes(error) }).toEqual({ exitCode: 1, says: true })
  })

  it('makes no queue when there is nothing to read', () => {
    const { exitCode, stderr } = runCli(['import', folder.join('new'), folder.join('nothing'), '--yes'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('ERR_NOT_FOUND')
    expect(existsSync(folder.join('new'))).toBe(false)
  })

  it('leaves a queue alone that is being written to', () => {
    using writer = openWriter(source)
    runCli(['export', source, '-o', folder.join('file')])
    expect(runCli(['import', source, folder.join('file'), '--yes']).exitCode).toBe(4)
    expect(writer.nextSequence).toBe(AWKWARD.length + BINARY.length)
  })
})

describe('chron-cli replay', () => {
  it('appends the messages with their times and types', () => {
    const { exitCode } = runCli(['replay', source, '--to', folder.join('copy'), '--speed', 'max', '--yes'])
    expect(exitCode).toBe(0)
    expect(messages(folder.join('copy'))).toEqual(messages(source))
  })

  it('gives them the present time with --now', () => {
    const before = BigInt(Date.now()) * 1_000_000n
    runCli(['replay', source, '--to', folder.join('copy'), '--speed', '1000', '--now', '--yes'])
    expect(messages(folder.join('copy')).every(({ timestampNs }) => timestampNs >= before)).toBe(true)
  })

  it('refuses to replay a queue into itself, and to do anything without --yes', () => {
    symlinkSync(source, folder.join('link'))
    for (const to of [`${source}/`, folder.join('link')])
      expect(runCli(['replay', source, '--to', to, '--speed', 'max', '--limit', '50', '--yes']).exitCode).toBe(1)
    expect(messages(source)).toHaveLength(AWKWARD.length + BINARY.length)
    expect(runCli(['replay', source, '--to', folder.join('copy')]).exitCode).toBe(1)
  })
})

/** All that records say, but for where they stand and which writer appended them. */
function wholeMessages(queue: string): object[] {
  using reader = openColdReader(queue)
  return Array.from(reader, (item) => {
    if (item.kind !== 'record') return []
    const { segmentId: _segment, offset: _offset, writerEpoch: _epoch, payload, ...rest } = item
    return { ...rest, payload: Buffer.from(payload) }
  }).flat()
}

function messages(queue: string): Pick<ColdRecord, 'typeId' | 'schemaVersion' | 'timestampNs' | 'payload'>[] {
  using reader = openColdReader(queue)
  return Array.from(reader, (item) => {
    if (item.kind !== 'record') return []
    const { typeId, schemaVersion, timestampNs, payload } = item
    return { typeId, schemaVersion, timestampNs, payload: Buffer.from(payload) }
  }).flat()
}
