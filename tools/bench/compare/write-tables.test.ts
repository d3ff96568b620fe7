import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkoutRoot } from './checkout-root.js'
import type { CompareReport } from './report.js'
import { between, writeTables } from './write-tables.js'

const figure = { key: 'perSecond', title: 'messages/s', digits: 0, median: 1234, min: 1000, max: 2000 } as const
const report: CompareReport = {
  schemaVersion: 1,
  environment: {
    cpu: 'a processor',
    cpuCount: 2,
    memoryBytes: 2 ** 34,
    kernel: '6.18',
    node: '20.20.2',
    commit: 'abc1234',
    fileSystem: 'ext4',
    loadPerCpu: 0.1,
    date: '2026-11-29T00:00:00Z',
  } as CompareReport['environment'],
  rounds: 5,
  workloads: [
    {
      id: 'W1',
      title: 'flat out',
      durable: false,
      messagesPerRound: 100_000,
      payloadLength: 64,
      peers: [
        { peer: 'ours', title: 'ours', figures: [figure] },
        { peer: 'redis', title: 'Redis', figures: [], skipped: 'no server' },
      ],
    },
  ],
  programs: [],
  notes: [],
}

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-tables-'))
  mkdirSync(join(root, 'docs'))
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

it('replaces both tables, leaves the rest alone, and can be repeated', () => {
  for (const path of ['README.md', 'docs/performance.md']) {
    const place = between(readFileSync(join(checkoutRoot, path), 'utf8'), 'the old table')
    writeFileSync(join(root, path), place)
  }
  writeTables(report, root)
  const once = readFileSync(join(root, 'docs/performance.md'), 'utf8')
  expect(once).not.toContain('the old table')
  expect(once).toContain('| ours | 1,234 (1,000 to 2,000) |')
  expect(once).toContain(
    'Measured on 2026-11-29: a processor, 2 CPUs, 16 GiB, Linux 6.18, ext4, Node.js 20.20.2, commit `abc1234`. Medians of 5 rounds.',
  )
  expect(once).toContain('Skipped: Redis: no server (W1).')
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  expect(readme).toContain('| ours | 1,234 |')
  writeTables(report, root)
  expect(readFileSync(join(root, 'docs/performance.md'), 'utf8')).toBe(once)
  expect(between(readme, 'x')).toBe(between(readFileSync(join(checkoutRoot, 'README.md'), 'utf8'), 'x'))
})

it('writes the figures of programs below, and shows a picture of each row', () => {
  for (const path of ['README.md', 'docs/performance.md'])
    writeFileSync(join(root, path), readFileSync(join(checkoutRoot, path), 'utf8'))
  const figures = { p50Ns: { median: 600, min: 500, max: 700 } }
  const oneWay = {
    id: 'oneway',
    title: 'one way',
    peers: [
      { peer: 'ours', title: 'ours', keeps: 'files', figures },
      { peer: 'aeron', title: 'Aeron', keeps: 'nothing', figures: {}, skipped: 'java is not installed' },
    ],
  }
  writeTables({ ...report, programs: [oneWay] }, root)
  const long = readFileSync(join(root, 'docs/performance.md'), 'utf8')
  expect(long).toContain('| ours | files | 600 (500 to 700) |')
  expect(long).toContain('Skipped: Aeron: java is not installed (oneway).')
  expect(long).toContain('![w1](charts/w1.svg)\n![latency](charts/latency.svg)')
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('| ours | files | 600 |')
})

it('says that the machine was busy', () => {
  for (const path of ['README.md', 'docs/performance.md'])
    writeFileSync(join(root, path), readFileSync(join(checkoutRoot, path), 'utf8'))
  writeTables({ ...report, environment: { ...report.environment, loadPerCpu: 2.7 } }, root)
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('**The machine was busy** (load per CPU 2.7 before the run)')
})

it('refuses a document without a place for the table', () => {
  expect(() => between('no comments', 'text')).toThrow('the document has no place for the table')
})
