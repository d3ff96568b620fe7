import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { openWriter } from '@chronicle-ts/core'
import { processStartTime } from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { exitOf, runCli, startCli } from '../../../test/support/run-cli.js'
import { createPalette } from '../../output/palette.js'
import { INDEX_OFFSET } from './bench-message.js'
import type { BenchReport } from './bench-report.js'
import { WrongResultError } from './bench-task.js'
import { compareReports } from './compare-reports.js'
import { renderHtml } from './html/render-html.js'
import { LatencySamples, latencyFigures } from './latency-samples.js'
import { measureReading } from './measure-throughput.js'
import { latencySeries, openReceiver, receive } from './receive.js'
import { renderComparison, renderReport } from './render-report.js'
import { ThroughputSeries } from './throughput-series.js'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

/** A thousand latencies from 100 ns on, each two percent longer than the one before it, 10 ms at most. */
function samplesOf(startNs: number): LatencySamples {
  const samples = new LatencySamples(1000)
  for (let index = 0; index < 1000; index++) samples.record(Math.min(startNs * 1.02 ** index, 1e7))
  return samples
}

function exampleReport(slower = 1): BenchReport {
  const throughput = (ns: number) => ({
    nsPerMessage: { median: ns * slower, min: ns * 0.9, max: ns * 1.2 },
    messagesPerSecond: Math.round(1e9 / ns),
    payloadBytesPerSecond: Math.round(64e9 / ns),
    messages: 3_000_000,
    roundsNsPerMessage: [ns],
    series: [1, 2, 3].map((at) => ({ atSeconds: at / 10, messagesPerSecond: Math.round(1e9 / ns) * at })),
  })
  const samples = samplesOf(100 * slower)
  const figures = latencyFigures([samples.counts()])
  return {
    environment: {
      cpu: 'Example CPU',
      cpuCount: 2,
      memoryBytes: 2 ** 34,
      kernel: '6.1',
      node: 'v20.19.0',
      version: '0.1.0',
      commit: undefined,
      date: '2026-01-02T03:04:05.000Z',
      fileSystem: 'ext4',
      loadPerCpu: 0.125,
    },
    options: {
      directory: '/data/bench',
      sizes: [64],
      rate: 20_000,
      readers: 1,
      wait: 'adaptive',
      durability: 'lowLatency',
      cpu: [],
      seconds: 2,
      messages: undefined,
      disk: 2 ** 30,
      rounds: 3,
    },
    results: [
      {
        payloadLength: 64,
        write: throughput(55.5),
        read: throughput(18),
        latency: {
          ratePerSecond: 20_000,
          achievedPerSecond: 20_000,
          messages: 1000,
          write: figures,
          transport: figures,
          read: figures,
          endToEnd: figures,
          series: latencySeries(samples.recorded, 2),
        },
      },
    ],
  }
}

describe('latency figures', () => {
  it('count every sample once, in histogram and buckets', () => {
    const { count, buckets } = latencyFigures([samplesOf(100).counts(), samplesOf(500).counts()])
    expect(count).toBe(2000)
    expect(buckets.reduce((sum, [, , here]) => sum + here, 0)).toBe(2000)
  })

  it('keep percentiles within a thousandth', () => {
    const samples = new LatencySamples(1000)
    for (let index = 1; index <= 1000; index++) samples.record(index * 1000)
    const { p50Ns, p99Ns, maxNs } = latencyFigures([samples.counts()])
    for (const [found, expected] of [
      [p50Ns, 500_000],
      [p99Ns, 990_000],
      [maxNs, 1_000_000],
    ] as const) {
      expect(Math.abs(found - expected) / expected).toBeLessThan(0.002)
    }
  })
})

describe('checking', () => {
  function queueOf(indexes: readonly number[]): string {
    const queue = folder.join('queue')
    using writer = openWriter(queue, { segmentSize: 4096 })
    const payload = Buffer.alloc(32)
    for (const index of indexes) {
      payload.writeDoubleLE(index, INDEX_OFFSET)
      writer.append(1, payload)
    }
    return queue
  }

  it('accepts what was written', () => {
    const queue = queueOf([0, 1, 2])
    expect(measureReading({ kind: 'read', queue, payloadLength: 32, messages: 3 }).messages).toBe(3)
  })

  it.each([
    ['a missing message', [0, 1], 32],
    ['a doubled message', [0, 1, 1], 32],
    ['messages out of order', [0, 2, 1], 32],
    ['messages of another length', [0, 1, 2], 33],
  ])('refuses figures after %s', (_, indexes, payloadLength) => {
    const queue = queueOf(indexes)
    expect(() => measureReading({ kind: 'read', queue, payloadLength, messages: 3 })).toThrow(WrongResultError)
  })

  it('refuses figures of a reader that received something else', () => {
    const queue = queueOf([0, 2])
    const task = {
      kind: 'receive',
      queue,
      reader: 'reader',
      payloadLength: 32,
      wait: 'park',
      warmUpCount: 0,
      count: 2,
      seconds: 1,
    } as const
    using reader = openReceiver(task)
    expect(() => receive(reader, task)).toThrow('received message 2 with sequence 1 where 1 belongs')
  })
})

describe('series', () => {
  it('reports the rate of each piece of a run', () => {
    const series = new ThroughputSeries(10)
    series.note(1e9, 100)
    series.note(2e9, 300)
    expect(series.points()).toEqual([
      { atSeconds: 1, messagesPerSecond: 100 },
      { atSeconds: 2, messagesPerSecond: 200 },
    ])
  })

  it('takes percentiles of consecutive pieces', () => {
    const samples = Float32Array.from({ length: 200 }, (_, index) => (index < 100 ? 10 : 1000 + index))
    expect(latencySeries(samples, 2)).toEqual([
      { atSeconds: 0, p50Ns: 10, p99Ns: 10, maxNs: 10 },
      { atSeconds: 1, p50Ns: 1150, p99Ns: 1199, maxNs: 1199 },
    ])
  })
})

describe('reports', () => {
  it.each([40, 80, 200])('fit a screen of %d columns', async (width) => {
    const look = { palette: createPalette(false), width }
    const lines = [
      ...renderReport(exampleReport(), look),
      '',
      ...renderComparison(compareReports(exampleReport(), exampleReport(1.5), 0.1), look),
    ]
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`../../../test/golden/bench-${width}.txt`)
  })

  it('are one page that loads nothing and draws only numbers', () => {
    const page = renderHtml(exampleReport())
    expect(page).not.toMatch(/https?:|src=|href=|<script|NaN|Infinity|undefined/)
    expect(page.match(/<svg /g)).toHaveLength(4)
    for (const fact of ['Example CPU', 'v20.19.0', 'chron-cli 0.1.0', '64 B write', '50.0 to 66.6']) expect(page).toContain(fact)
  })

  it('hold figures against those of a base', () => {
    const same = compareReports(exampleReport(), exampleReport(1.05), 0.1)
    expect(same).toMatchObject({ regressed: false, differences: [] })
    const slower = compareReports(exampleReport(), exampleReport(1.5), 0.1)
    expect(slower.regressed).toBe(true)
    expect(slower.figures.find(({ name }) => name === 'write')).toMatchObject({ baseNs: 55.5, isRegression: true })
    expect(compareReports(exampleReport(1.5), exampleReport(), 0.1).regressed).toBe(false)
  })
})

describe('chron-cli bench', () => {
  const QUICK = ['--sizes', '24', '--rate', '1000', '--messages', '300', '--rounds', '1']

  it('measures, checks and removes its files', () => {
    const { exitCode, stdout } = bench([
      '--json',
      '--sizes',
      '24,300',
      '--readers',
      '2',
      '--wait',
      'park',
      '--report',
      folder.join('page.html'),
    ])
    expect(exitCode).toBe(0)
    const report = JSON.parse(stdout) as BenchReport
    expect(report).toMatchObject({ schemaVersion: 1, command: 'bench', options: { readers: 2, wait: 'park', rate: 1000 } })
    expect(report.results.map(({ payloadLength }) => payloadLength)).toEqual([24, 300])
    for (const { write, read, latency } of report.results) {
      expect([write.messages, read.messages, latency.write.count]).toEqual([300, 300, 300])
      // Two readers have received everything each.
      expect([latency.transport.count, latency.read.count, latency.endToEnd.count]).toEqual([600, 600, 600])
    }
    expect(readFileSync(folder.join('page.html'), 'utf8')).toContain('<svg ')
    expect(readdirSync(folder.path)).toEqual(['page.html'])
  })

  it('exits with 3 when it is slower than the base by more than is allowed', () => {
    writeFileSync(folder.join('base.json'), bench(['--json']).stdout)
    const base = JSON.parse(readFileSync(folder.join('base.json'), 'utf8')) as BenchReport
    const impossible = JSON.parse(JSON.stringify(base), (key, value) => (key === 'median' ? 0.001 : value)) as BenchReport
    writeFileSync(folder.join('impossible.json'), JSON.stringify(impossible))
    const { exitCode, stdout } = bench(['--compare', folder.join('impossible.json'), '--max-regression', '10%'])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('10 % slower allowed')
    expect(bench(['--compare', folder.join('base.json'), '--max-regression', '100000']).exitCode).toBe(0)
  })

  it('refuses an invalid base before it measures anything', () => {
    writeFileSync(folder.join('base.json'), '{"schemaVersion":1,"command":"inspect"}')
    expect(bench(['--compare', folder.join('base.json')])).toMatchObject({ exitCode: 1, stdout: '' })
    expect(existsSync(folder.join('work'))).toBe(false)
  })

  it('touches no directory that holds anything else', () => {
    mkdirSync(folder.join('work'))
    writeFileSync(folder.join('work/precious'), 'data')
    const { exitCode, stdout, stderr } = bench([])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toContain('precious')
    expect(readdirSync(folder.join('work'))).toEqual(['precious'])
  })

  it('ends where no directory can be made', () => {
    const { exitCode, stderr } = runCli(['bench', '-d', '/proc/nothing/here'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('ERR_NOT_FOUND')
  })

  it('touches no directory that another run is using', () => {
    mkdirSync(folder.join('work'))
    writeFileSync(folder.join('work/.chron-cli-bench'), `${process.pid} ${processStartTime(process.pid)}\n`)
    expect(bench([])).toMatchObject({ exitCode: 1, stdout: '' })
  })

  it('takes over what a killed run left, and removes it', () => {
    mkdirSync(folder.join('work/bench-queue-1'), { recursive: true })
    writeFileSync(folder.join('work/.chron-cli-bench'), '1 1\n')
    expect(bench([]).exitCode).toBe(0)
    expect(existsSync(folder.join('work'))).toBe(false)
  })

  it('cleans up on Ctrl-C, in every phase', async () => {
    const child = startCli(['bench', '--directory', folder.join('work'), '--rounds', '100', '--seconds', '5'])
    while (!existsSync(folder.join('work/bench-queue-1'))) await new Promise((resolve) => setTimeout(resolve, 10))
    child.kill('SIGINT')
    expect(await exitOf(child)).toBe(130)
    expect(readdirSync(folder.path)).toEqual([])
  })

  it.each([
    ['--sizes', '8'],
    ['--rate', '0'],
    ['--wait', 'often'],
    ['--max-regression', 'much'],
    ['--cpu', 'x'],
  ])('refuses %s %s', (option, value) => {
    expect(bench([option, value])).toMatchObject({ exitCode: 1, stdout: '' })
  })

  function bench(args: readonly string[]) {
    return runCli(['bench', '--directory', folder.join('work'), ...QUICK, ...args])
  }
})
