import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ascii, decimal, enumOf, f64, jsonMessage, list, message, u16, u32, u64, utf8 } from '@chronicle-ts/schema'
import { openTypedWriter } from '@chronicle-ts/typed'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli } from '../../../test/support/run-cli.js'

const QuoteV1 = message('Quote', 1, {
  price: decimal(9),
  instrumentId: u32(),
  side: enumOf({ buy: 0, sell: 1 }),
  bid: f64(),
  symbol: ascii(8),
}).keyedBy('instrumentId')
const Quote = QuoteV1.since(2, { venue: u16() })
const Depth = message('Depth', 2, { bids: list({ price: f64(), size: f64() }), note: utf8() })
const Note = jsonMessage('Note', 3, { check: (value) => value as { text: string } })

let folder: QueueFolder
let queue: string

beforeEach(() => {
  folder = new QueueFolder()
  queue = folder.join('queue')
  using writer = openTypedWriter(queue, [Quote, Depth, Note], { segmentSize: 64 * 1024 })
  for (let id = 0; id < 4; id++) {
    const side = id % 2 === 0 ? 'buy' : 'sell'
    const value = { price: '60123.5', instrumentId: id, side, bid: 60_000 + id, symbol: 'BTC-USD' } as const
    writer.append(Quote, value, { timestampNs: BigInt(1000 + id) })
  }
  writer.append(Depth, { bids: [{ price: 1, size: 2 }], note: 'he said "hi", twice' }, { timestampNs: 2000n })
  writer.append(Note, { text: 'free' }, { timestampNs: 2001n })
})
afterEach(() => folder.remove())

function json(args: readonly string[]): { readonly exitCode: number | null; readonly report: Record<string, never> } {
  const { exitCode, stdout } = runCli([...args, '--json'])
  return { exitCode, report: JSON.parse(stdout) as Record<string, never> }
}

function lines(args: readonly string[]): Record<string, unknown>[] {
  const { stdout } = runCli(args)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('chron-cli schema', () => {
  it('lists the types of a queue, and changes nothing', () => {
    const before = fingerprint(queue)
    const { exitCode, report } = json(['schema', 'list', queue])
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({
      schemaVersion: 1,
      command: 'schema',
      schemas: [
        { typeId: 1, name: 'Quote', version: 2, encoding: 'flat1', fields: 6, key: 'instrumentId' },
        { typeId: 2, name: 'Depth', version: 1, encoding: 'flat1', fields: 2 },
        { typeId: 3, name: 'Note', version: 1, encoding: 'json', fields: 0 },
      ],
      problems: [],
      foreign: [],
    })
    expect(runCli(['schema', 'list', queue]).stdout).toMatch(/^TYPE +NAME +VERSION .*\n +1 +Quote +2 +flat1 +6 +instrumentId/)
    expect(fingerprint(queue)).toEqual(before)
  })

  it('shows the fields of a type by its name or typeId', () => {
    for (const name of ['Depth', '2']) {
      const { exitCode, stdout } = runCli(['schema', 'show', queue, name])
      expect(exitCode).toBe(0)
      expect(stdout).toMatch(/Depth {2}type 2, version 1, flat1[\s\S]*bids {8}list of 16 bytes each[\s\S]*bids\.size {3}f64/)
    }
    expect(runCli(['schema', 'show', queue, 'Quote']).stdout).toMatch(/enum u8 \(buy=0, sell=1\)[\s\S]*venue +u16 +2 +yes/)
    expect(json(['schema', 'show', queue, 'Note']).report).toMatchObject({ schema: { name: 'Note', fields: [] } })
  })

  it('exports SBE of the types that have it, and says which are left out', () => {
    const { exitCode, stdout, stderr } = runCli(['schema', 'export', queue, '--sbe', '--package', 'com.example'])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('<sbe:messageSchema xmlns:sbe="http://fixprotocol.io/2016/sbe" package="com.example"')
    expect(stdout).toContain('name="Quote"')
    expect(stderr).toMatch(/Depth.*left out[\s\S]*Note.*left out/)
    expect(json(['schema', 'export', queue]).report).toMatchObject({
      schemas: [{ name: 'Quote' }, { name: 'Depth' }, { name: 'Note' }],
    })
  })

  it('compares two queues, with an exit code for what it found', () => {
    const other = folder.join('other')
    openTypedWriter(other, [QuoteV1, message('Depth', 2, { note: u64() })], { segmentSize: 64 * 1024 }).close()
    expect(json(['schema', 'diff', queue, queue]).exitCode).toBe(0)
    const { exitCode, report } = json(['schema', 'diff', queue, other])
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({
      types: [
        { typeId: 1, verdict: 'compatible', versions: [2, 1] },
        { typeId: 2, verdict: 'incompatible' },
        { typeId: 3, verdict: 'only-first' },
      ],
    })
    expect(runCli(['schema', 'diff', queue, other]).stdout).toMatch(
      /incompatible {2}2 Depth: version 1 and version 1\n +bids is note/,
    )
    rmSync(join(other, 'schemas', '2.1.json'))
    expect(runCli(['schema', 'diff', queue, other]).exitCode).toBe(3)
  })

  it.each([
    [['schema', 'show', 'QUEUE', 'Nothing'], 'has no type Nothing'],
    [['schema', 'show', 'QUEUE'], 'show needs the name'],
    [['schema', 'diff', 'QUEUE'], 'diff needs two queues'],
    [['schema', 'list', 'QUEUE', 'x'], 'list takes one queue'],
    [['schema', 'list', 'QUEUE', '--sbe'], '--sbe and --package belong to export'],
    [['schema', 'list', 'MISSING'], 'ERR_NOT_FOUND'],
    [['tail', 'QUEUE', '--where', 'bid = 5'], 'equality is =='],
    [['tail', 'QUEUE', '--where', 'bid > 5', '--no-decode'], '--where needs decoding'],
    [['export', 'QUEUE', '--format', 'raw', '--fields'], '--fields belongs to'],
  ])('%j is refused', (args, said) => {
    const { exitCode, stderr } = runCli(
      args.map((arg) => (arg === 'QUEUE' ? queue : arg === 'MISSING' ? folder.join('missing') : arg)),
    )
    expect(exitCode).toBe(1)
    expect(stderr).toContain(said)
  })

  it('goes on with a registry that is damaged, missing, or of another time', () => {
    writeFileSync(join(queue, 'schemas', '2.1.json'), '{"half')
    const foreign = { format: 'chronicle-schema', formatVersion: 1, encoding: 'capnp' }
    writeFileSync(join(queue, 'schemas', '3.1.json'), JSON.stringify(foreign))
    const { exitCode, report } = json(['schema', 'list', queue])
    expect(exitCode).toBe(3)
    expect(report).toMatchObject({ problems: [{}], foreign: [{ typeId: 3, encoding: 'capnp' }] })
    const shown = runCli(['tail', queue])
    expect([shown.exitCode, shown.stderr.includes('unknown')]).toEqual([0, true])
    rmSync(join(queue, 'schemas'), { recursive: true })
    expect(runCli(['schema', 'list', queue]).stdout).toBe('the schema registry is empty\n')
    expect(runCli(['tail', queue, '--where', 'bid > 5']).stderr).toContain('no schema registry')
    expect(existsSync(join(queue, 'schemas'))).toBe(false)
  })
})

describe('chron-cli tail and export by the registry', () => {
  it('shows fields beside the payload', () => {
    const shown = runCli(['tail', queue, '-n', '3']).stdout
    expect(shown).toContain('type 1 Quote v2')
    expect(shown).toContain('price="60123.5" instrumentId=3 side="sell" bid=60003 symbol="BTC-USD"')
    const [depth, note] = lines(['tail', queue, '-n', '2', '--json'])
    expect(depth).toMatchObject({ type: 'Depth', schemaVersion: 1, fields: { bids: [{ price: 1, size: 2 }] } })
    expect(note).toMatchObject({ type: 'Note', fields: { text: 'free' }, text: '{"text":"free"}' })
    const [bare] = lines(['tail', queue, '-n', '1', '--json', '--no-decode'])
    expect(bare).not.toHaveProperty('fields')
  })

  it('chooses by fields', () => {
    const chosen = (where: string) => lines(['tail', queue, '--json', '--where', where]).map(({ sequence }) => sequence)
    expect(chosen('bid > 60001 && symbol == "BTC-USD"')).toEqual([2, 3])
    expect(chosen('side in ["sell"] or text == "free"')).toEqual([1, 3, 5])
    expect(chosen('price == 60123.5 and $sequence < 2')).toEqual([0, 1])
    expect(chosen('bids[0].size == 2 || $type == "Note"')).toEqual([4, 5])
    expect(lines(['export', queue, '--where', 'venue == null && bid >= 60003']).map(({ sequence }) => sequence)).toEqual([3])
  })

  it('says where an expression goes wrong, in the expression', () => {
    rmSync(join(queue, 'schemas', '3.1.json'))
    const { stderr } = runCli(['tail', queue, '--where', 'bid > 1 && bidd > 2'])
    expect(stderr).toContain('no type has a field bidd; there are bid, bids, instrumentId')
    expect(JSON.parse(stderr)).toMatchObject({ msg: expect.stringContaining('\n             ^') })
  })

  it('exports a column per field', () => {
    const { exitCode, stdout } = runCli(['export', queue, '--format', 'csv', '--fields'])
    expect(exitCode).toBe(0)
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'sequence,timestampNs,type,schemaVersion,error,price,instrumentId,side,bid,symbol,venue,bids,note',
      '0,1000,Quote,2,,60123.5,0,buy,60000,BTC-USD,,,',
    ])
    expect(stdout).toContain('4,2000,Depth,1,,,,,,,,"[{""price"":1,""size"":2}]","he said ""hi"", twice"')
    expect(runCli(['export', queue, '--format', 'csv', '--fields', '-t', '2']).stdout.split('\n')[0]).toBe(
      'sequence,timestampNs,type,schemaVersion,error,bids,note',
    )
    expect(runCli(['export', queue, '--format', 'csv', '--fields', '-t', '3']).exitCode).toBe(1)
    expect(lines(['export', queue, '--fields', '-t', '3'])).toMatchObject([{ type: 'Note', fields: { text: 'free' } }])
  })

  it('reports messages that are not of their type, and exits with 3', () => {
    {
      using writer = openTypedWriter(queue, [Quote])
      writer.queue.append(1, new Uint8Array(4))
    }
    const { exitCode, stdout } = runCli(['tail', queue, '-n', '1', '--json'])
    expect(exitCode).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({ type: 'Quote', decodeError: expect.stringContaining('shorter than the block') })
    expect(runCli(['tail', queue, '-n', '1']).stdout).toContain('shorter than the block')
    expect(runCli(['export', queue, '--format', 'csv', '--fields']).exitCode).toBe(3)
  })

  it('goes on after a message that is bad by one of its fields', () => {
    {
      using writer = openTypedWriter(queue, [Quote, Depth])
      const bytes = Depth.encode({ bids: [], note: 'x' })
      new DataView(bytes.buffer).setUint32(8, 0xffff, true)
      writer.queue.append(2, bytes, { schemaVersion: 1 })
      writer.append(Depth, { bids: [], note: 'last' })
    }
    const { exitCode, stdout } = runCli(['tail', queue, '-n', '2', '--json'])
    expect(exitCode).toBe(3)
    const [bad, last] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(bad).toMatchObject({ type: 'Depth', decodeError: expect.stringContaining('field=note') })
    expect(last).toMatchObject({ fields: { note: 'last' } })
    const chosen = runCli(['tail', queue, '--json', '--where', 'note == "last"'])
    expect([chosen.exitCode, chosen.stdout.trim().split('\n').length]).toEqual([3, 1])
    expect(chosen.stderr).toContain('left out: Bad message')
    expect(runCli(['export', queue, '--format', 'csv', '--fields']).stdout).toContain('field=note')
  })

  it('names a column apart when a field is called as one of those in front', () => {
    const Odd = message('Odd', 9, { sequence: u32(), error: u32() })
    {
      using writer = openTypedWriter(queue, [Odd])
      writer.append(Odd, { sequence: 77, error: 5 })
    }
    const rows = runCli(['export', queue, '--format', 'csv', '--fields', '-t', '9']).stdout.trim().split('\n')
    expect(rows[0]).toBe('sequence,timestampNs,type,schemaVersion,error,fields.sequence,fields.error')
    expect(rows[1]).toMatch(/^6,\d+,Odd,1,,77,5$/)
  })

  it('inspect names the types', () => {
    expect(runCli(['inspect', queue]).stdout).toContain('types     1 Quote v2, 2 Depth v1, 3 Note v1')
    expect(runCli(['inspect', queue]).stdout).not.toContain('FOREIGN_FILE')
  })
})
