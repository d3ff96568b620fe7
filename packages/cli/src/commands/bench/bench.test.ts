import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli } from '../../../test/support/run-cli.js'
import { LatencyRecorder } from './latency-recorder.js'
import { plotLatency } from './render-bench.js'
import type { BenchResult } from './run-bench.js'

const SMALL = ['--messages', '2000', '--rate', '2000', '--duration', '100ms', '--segment-size', '64KiB']

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

describe('chron-cli bench', () => {
  it('measures throughput and latency, loses nothing, and leaves nothing behind', () => {
    const directory = folder.join('bench')
    const { result } = measure(directory, '--readers', '2')
    expect(result.write.messages).toBe(2000)
    expect(result.read?.messages).toBe(2000)
    expect(result.latency?.total.count).toBe(200)
    expect(result.latency?.write.count).toBe(200)
    expect(result.outOfOrder).toBe(0)
    expect(existsSync(directory)).toBe(false)
  })

  it('measures the writer alone without readers', () => {
    const { result } = measure(folder.join('bench'), '--readers', '0', '--durability', 'background')
    expect(result).toMatchObject({ write: { messages: 2000 }, plan: { durability: 'background' } })
    expect(result.latency).toBeUndefined()
  })

  it('prints tables and a plot', () => {
    const { exitCode, stdout } = runCli(['bench', folder.join('bench'), ...SMALL])
    expect(exitCode).toBe(0)
    for (const text of ['THROUGHPUT', 'LATENCY', 'transport', 'p99.9 ']) expect(stdout).toContain(text)
  })

  it('writes one page that needs nothing from elsewhere', () => {
    const page = folder.join('out.html')
    runCli(['bench', folder.join('bench'), ...SMALL, '--report', page])
    const html = readFileSync(page, 'utf8')
    expect(html.match(/<svg /g)).toHaveLength(2)
    expect(html).not.toMatch(/(src|href)=|https?:/)
    expect(html).not.toContain('NaN')
  })

  it('does not touch a directory that is not its own', () => {
    const directory = folder.join('precious')
    mkdirSync(directory)
    writeFileSync(join(directory, 'data'), 'mine')
    const { exitCode, stderr } = runCli(['bench', directory, ...SMALL])
    expect({ exitCode, says: stderr.includes('was not made by chron-cli bench') }).toEqual({ exitCode: 1, says: true })
    expect(readdirSync(directory)).toEqual(['data'])
  })

  it('keeps its queues with --keep, and takes its own directory again', () => {
    const directory = folder.join('bench')
    runCli(['bench', directory, ...SMALL, '--keep'])
    expect(runCli(['verify', join(directory, 'throughput')]).exitCode).toBe(0)
    expect(runCli(['bench', directory, ...SMALL]).exitCode).toBe(0)
    expect(existsSync(join(directory, 'throughput'))).toBe(false)
  })

  it('compares with an earlier result, and exits with 3 when it is worse', () => {
    const report = measure(folder.join('bench'), '--readers', '0')
    const faster = structuredClone(report) as { result: { write: { nsPerMessage: number } } }
    faster.result.write.nsPerMessage = 1e-6
    const slower = structuredClone(faster)
    slower.result.write.nsPerMessage = 1e12
    const compare = (base: object) => {
      writeFileSync(folder.join('base.json'), JSON.stringify(base))
      return runCli([
        'bench',
        folder.join('bench'),
        ...SMALL,
        '--readers',
        '0',
        '--compare',
        folder.join('base.json'),
        '--max-regression',
        '10%',
      ]).exitCode
    }
    expect([compare(faster), compare(slower), compare({ command: 'other' })]).toEqual([3, 0, 1])
  })

  it('keeps percentiles in order, and draws the longest for the longest', () => {
    const recorder = new LatencyRecorder()
    for (let ns = 1; ns <= 10_000; ns += 1) recorder.record(ns)
    const summary = recorder.summary()
    expect(summary.count).toBe(10_000)
    expect(Math.abs(summary.p50 - 5000)).toBeLessThan(50)
    expect(Math.abs(summary.p99 - 9900)).toBeLessThan(50)
    const bars = plotLatency(summary, 80).map((line) => line.split('#').length)
    expect(bars).toEqual([...bars].sort((a, b) => a - b))
  })

  function measure(directory: string, ...args: string[]): { result: BenchResult } {
    const { exitCode, stdout, stderr } = runCli(['bench', directory, ...SMALL, '--json', ...args])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    return JSON.parse(stdout) as { result: BenchResult }
  }
})
