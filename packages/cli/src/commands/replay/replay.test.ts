import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openWriter } from '@chronicle-ts/core'
import { f64, message, readSchemas, u16, utf8 } from '@chronicle-ts/schema'
import { openTypedObserver, openTypedWriter } from '@chronicle-ts/typed'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli, runCliProcess } from '../../../test/support/run-cli.js'

let folder: QueueFolder
let quotes: string
let fills: string

/** Nanoseconds of a day of 2023. */
const timeOf = (second: number): bigint => 1_700_000_000_000_000_000n + BigInt(second) * 1_000_000_000n

function queueAt(name: string, seconds: readonly number[]): string {
  const directory = folder.join(name)
  using writer = openWriter(directory, { segmentSize: 65536 })
  for (const second of seconds) writer.append(1, Buffer.from(`${name} ${second}`), { timestampNs: timeOf(second) })
  return directory
}

function textsOf(queue: string): string[] {
  using observer = openObserver(queue)
  const texts: string[] = []
  observer.poll(100, (message) => {
    texts.push(message.payload.toString())
  })
  return texts
}

beforeEach(() => {
  folder = new QueueFolder()
  quotes = queueAt('quotes', [1, 2, 3, 5])
  fills = queueAt('fills', [2, 4])
})

afterEach(() => folder.remove())

it('merges several queues by time, and stops after a time', () => {
  const to = folder.join('to')
  const { exitCode, stdout } = runCli([
    'replay',
    quotes,
    fills,
    '--to',
    to,
    '--speed',
    'max',
    '--until',
    timeOf(4).toString(),
    '--yes',
    '--json',
  ])
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { command: 'replay', messages: 5, missing: 0 }])
  expect(textsOf(to)).toEqual(['quotes 1', 'fills 2', 'quotes 2', 'quotes 3', 'fills 4'])
})

it('keeps the versions of typed messages, and brings their types along', () => {
  const Quote = message('Quote', 7, { bid: f64() }).since(2, { venue: u16() })
  const Other = message('Other', 7, { text: utf8() })
  const [typed, other, to] = [folder.join('typed'), folder.join('other'), folder.join('to')]
  {
    using writer = openTypedWriter(typed, [Quote], { segmentSize: 65536 })
    writer.append(Quote, { bid: 1, venue: 3 })
    using conflicting = openTypedWriter(other, [Other], { segmentSize: 65536 })
    conflicting.append(Other, { text: 'x' })
  }
  const { exitCode, stderr } = runCli(['replay', typed, quotes, other, '--to', to, '--speed', 'max', '--yes'])
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('left out of the schema registry')])
  expect(readSchemas(to).schemas).toEqual([Quote.description])
  using reader = openTypedObserver(to, [Quote], { onBadMessage: 'skip' })
  expect(reader.next()?.value()).toEqual({ bid: 1, venue: 3 })
  using bare = openObserver(to)
  expect(bare.next()?.schemaVersion).toBe(0)
})

it('reports a damaged type that it leaves out', () => {
  const [typed, to] = [folder.join('typed'), folder.join('to')]
  openTypedWriter(typed, [message('Quote', 7, { bid: f64() })], { segmentSize: 65536 }).close()
  writeFileSync(join(typed, 'schemas/7.1.json'), 'damaged')
  const { exitCode, stderr } = runCli(['replay', typed, '--to', to, '--speed', 'max', '--yes'])
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('left out of the schema registry')])
})

it('keeps the trace context', () => {
  const [traced, to] = [folder.join('traced'), folder.join('to')]
  const trace = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2), sampled: true, random: false }
  {
    using writer = openWriter(traced, { segmentSize: 65536 })
    writer.append(1, Buffer.from('x'), { trace })
  }
  expect(runCli(['replay', traced, '--to', to, '--speed', 'max', '--yes']).exitCode).toBe(0)
  using observer = openObserver(to, { start: 'earliest' })
  const copied = observer.next()
  expect([copied?.payload.toString(), copied?.trace]).toEqual(['x', trace])
})

it('appends by steps what standard input says', () => {
  const to = folder.join('to')
  const args = ['replay', quotes, '--to', to, '--step', '--speed', 'max', '--yes', '--json']
  const { exitCode, stdout } = runCliProcess(args, { input: '\n2\nwhat\nquit\nrun\n' })
  expect(exitCode).toBe(0)
  const lines = stdout.split('\n')
  expect(lines.slice(0, 3).map((line) => JSON.parse(line).sequence)).toEqual([0, 1, 2])
  expect(textsOf(to)).toEqual(['quotes 1', 'quotes 2', 'quotes 3'])
  expect(runCliProcess([...args.slice(0, 3), folder.join('all'), ...args.slice(4)], { input: '1\nrun' }).exitCode).toBe(0)
  expect(textsOf(folder.join('all'))).toHaveLength(4)
})

it('refuses a queue twice, and its own target', () => {
  expect(runCli(['replay', quotes, quotes, '--to', folder.join('to'), '--yes']).exitCode).toBe(1)
  expect(runCli(['replay', quotes, fills, '--to', fills, '--yes']).exitCode).toBe(1)
})
