import { readFileSync, writeFileSync } from 'node:fs'
import { openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli } from '../../../test/support/run-cli.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

it('rebuilds the way of a trace through queues, in the order of time, and writes it as OTLP', () => {
  const trace = (spanId: string) => ({ traceId: TRACE, spanId: spanId.repeat(8), sampled: true })
  using orders = openWriter(folder.join('orders'), { segmentSize: 4096 })
  using fills = openWriter(folder.join('fills'), { segmentSize: 4096 })
  for (let index = 0; index < 100; index += 1) orders.append(1, Buffer.alloc(100))
  orders.append(1, Buffer.from('order'), { trace: trace('aa'), timestampNs: 1000n })
  fills.append(2, Buffer.from('fill'), { trace: trace('bb'), timestampNs: 3500n })
  orders.append(3, Buffer.from('ack'), { trace: trace('cc'), timestampNs: 2000n })
  const { exitCode, stdout } = runCli(['trace', TRACE, folder.path, '--json', '--otlp', folder.join('trace.json')])
  expect(exitCode).toBe(0)
  const found = JSON.parse(stdout) as { hops: { directory: string; sequence: number; spanId: string }[]; looked: number }
  expect(
    found.hops.map(({ directory, sequence, spanId }) => [folder.normalise(directory), sequence, spanId.slice(0, 2)]),
  ).toEqual([
    ['<root>/orders', 100, 'aa'],
    ['<root>/orders', 101, 'cc'],
    ['<root>/fills', 0, 'bb'],
  ])
  expect(found.looked).toBe(103)
  const otlp = JSON.parse(readFileSync(folder.join('trace.json'), 'utf8')) as {
    resourceSpans: { scopeSpans: { spans: { traceId: string; parentSpanId: string; startTimeUnixNano: string }[] }[] }[]
  }
  const spans = otlp.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
  expect(spans).toHaveLength(3)
  expect(spans[0]).toMatchObject({ traceId: TRACE, parentSpanId: 'aa'.repeat(8), startTimeUnixNano: '1000' })
  expect(runCli(['trace', TRACE, folder.path]).stdout).toContain('3 messages of this trace, 103 messages looked at\n')
})

it('exits with 3 for a trace that no message has, keeps the file of another, and refuses what is not an id', () => {
  openWriter(folder.join('orders'), { segmentSize: 4096 }).close()
  writeFileSync(folder.join('trace.json'), 'an earlier trace')
  const { exitCode, stderr } = runCli(['trace', 'ab'.repeat(16), folder.path, '--otlp', folder.join('trace.json')])
  expect({ exitCode, says: stderr.includes('nothing was written') }).toEqual({ exitCode: 3, says: true })
  expect(readFileSync(folder.join('trace.json'), 'utf8')).toBe('an earlier trace')
  for (const id of ['ab', '0'.repeat(32), 'x'.repeat(32)]) expect(runCli(['trace', id, folder.path]).exitCode).toBe(1)
})
