import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, quantile, spreadOf } from '@chronicle-ts/cli/bench'
import { openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkoutFiles } from '../checkout-files.mjs'
import { root } from '../run/root.mjs'
import { parseBenchOptions, USAGE } from './bench-options.js'
import { PROBES } from './budgets/probes/index.js'
import type { Candidate } from './candidate.js'
import { measureSuite } from './measure-suite.js'
import { verifyQueue } from './queue-candidate.js'
import { formatSuite, formatTable } from './report.js'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bench-test-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('median', () => {
  it.each([
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[], Number.NaN],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected)
  })
})

describe('the spread of rounds', () => {
  it('is the middle and both ends, in any order', () => {
    expect(spreadOf([5, 1, 2])).toEqual({ median: 2, min: 1, max: 5 })
  })

  it('has the value that a share of all lies below', () => {
    const values = Array.from({ length: 100 }, (_, index) => 99 - index)
    expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([0, 50, 99, 99])
    expect(quantile([], 0.5)).toBeNaN()
  })
})

describe('parseBenchOptions', () => {
  it('measures everything five times by default', () => {
    expect(parseBenchOptions([])).toMatchObject({ only: [], payloadLength: 64, rounds: 5, json: false })
  })

  it('takes a list of suites', () => {
    expect(parseBenchOptions(['--only', 'append,next']).only).toEqual(['append', 'next'])
  })

  it.each([
    ['--payload', '15'],
    ['--rounds', '0'],
    ['--rounds', 'many'],
  ])('refuses %s %s', (option, value) => {
    expect(() => parseBenchOptions([option, value])).toThrow(`${option} must be a number of at least`)
  })

  it('refuses an option that it does not know', () => {
    expect(() => parseBenchOptions(['--fast'])).toThrow(/--fast/)
  })
})

describe('the one harness', () => {
  it('names every probe of the budgets in its help', () => {
    for (const name of Object.keys(PROBES)) expect(USAGE).toMatch(new RegExp(`[ ,]${name}[,;]`))
  })

  it('has the one loop over rounds', () => {
    const files = ['packages/cli/src', 'tools/bench'].flatMap((folder) => checkoutFiles(root, /\.ts$/, folder))
    const loops = files.filter((path) => /< (\w+\.)*rounds;/.test(readFileSync(join(root, path), 'utf8')))
    expect(loops).toEqual(['packages/cli/src/commands/bench/run-suite.ts'])
  })

  it('has no other beside it in a package', () => {
    const files = checkoutFiles(root, /\.(ts|mjs)$/, 'packages')
    expect(files.length).toBeGreaterThan(100)
    expect(files.filter((path) => /^packages\/[^/]+\/bench\//.test(path))).toEqual([])
  })
})

describe('measureSuite', () => {
  const options = { rounds: 2, secondsPerRound: 0.01 }
  const seen: string[] = []

  function candidate(name: string, verify: Candidate['verify'] = () => undefined): () => Candidate {
    return () => ({ name, run: () => undefined, verify, close: () => seen.push(name) })
  }

  beforeEach(() => {
    seen.length = 0
  })

  it('lets candidates take turns', async () => {
    const { candidates } = await measureSuite(
      { name: 's', operation: 'o', candidates: [candidate('a'), candidate('b')] },
      { ...options, directory },
    )
    expect(seen).toEqual(['a', 'b', 'a', 'b'])
    expect(candidates.map(({ name, rounds }) => [name, rounds.length])).toEqual([
      ['a', 2],
      ['b', 2],
    ])
  })

  it('fails when what was measured did not work, and still gives everything back', async () => {
    const broken = candidate('broken', () => {
      throw new Error('3 messages instead of 4')
    })
    await expect(measureSuite({ name: 's', operation: 'o', candidates: [broken] }, { ...options, directory })).rejects.toThrow(
      '3 messages instead of 4',
    )
    expect(seen).toEqual(['broken'])
    expect(readdirSync(directory)).toEqual([])
  })

  it('fails when a call throws', async () => {
    const throwing = (): Candidate => ({
      name: 'throwing',
      run: () => {
        throw new Error('disk on fire')
      },
      verify: () => undefined,
      close: () => undefined,
    })
    await expect(measureSuite({ name: 's', operation: 'o', candidates: [throwing] }, { ...options, directory })).rejects.toThrow(
      'throwing failed while it was measured',
    )
  })
})

describe('verifyQueue', () => {
  beforeEach(() => {
    const writer = openWriter(directory, { segmentSize: 4096 })
    for (let count = 0; count < 100; count++) writer.append(1, Buffer.alloc(64))
    writer.close()
  })

  it('accepts a queue that holds what was appended', () => {
    expect(() => verifyQueue(directory, 100, 64)).not.toThrow()
  })

  it('notices missing messages', () => {
    expect(() => verifyQueue(directory, 101, 64)).toThrow('100 messages instead of 101')
  })

  it('notices messages of another length', () => {
    expect(() => verifyQueue(directory, 100, 65)).toThrow('length 64 instead of 65')
  })
})

describe('report', () => {
  it('aligns names to the left and figures to the right', () => {
    expect(formatTable(['', 'ns'], [['a', '1'], ['long', '12345']])).toBe('           ns\n  a         1\n  long  12345') // biome-ignore format: the table as it looks
  })

  it('compares every candidate with the first', () => {
    const figures = { nsMin: 1, nsMax: 9, rounds: [], operations: 1_000 }
    const text = formatSuite({
      name: 'append',
      operation: 'one message',
      candidates: [
        { name: 'ours', nsMedian: 50, ...figures },
        { name: 'theirs', nsMedian: 125, ...figures },
      ],
    })
    expect(text).toMatch(/ours .* 1\.00x {2}20\.00 M\/s/)
    expect(text).toMatch(/theirs .* 2\.50x/)
  })
})

describe('npm run bench', () => {
  function run(...args: string[]) {
    const program = join(root, 'tools/dist/bench/main.js')
    return spawnSync(process.execPath, [program, '--root', directory, ...args], { encoding: 'utf8' })
  }

  it('prints one JSON object with verified figures and removes its files', () => {
    const { status, stdout, stderr } = run('--quick', '--json', '--only', 'commit,claim,latency')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ schemaVersion: 1, payloadLength: 64, environment: { node: process.version } })
    expect(report.suites.map((suite: { name: string }) => suite.name)).toEqual(['claim', 'commit'])
    expect(report.latencies).toHaveLength(4)
    for (const latency of report.latencies) expect(latency.count).toBeGreaterThan(0)
    expect(readdirSync(directory)).toEqual([])
  })

  it('answers bad arguments with one sentence', () => {
    const { status, stderr } = run('--rounds', '-1')
    expect(status).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
