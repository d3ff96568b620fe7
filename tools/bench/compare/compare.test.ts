import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../../run/root.mjs'
import { parseCompareOptions } from './compare-options.js'
import { encodeFrames, FrameDecoder } from './framing.js'
import { checkPayload, makePayload } from './payload.js'
import { type CompareReport, formatCompareMarkdown } from './report.js'
import { drawCharts } from './write-charts.js'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'compare-test-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('checkPayload', () => {
  it('returns the time of the expected message', () => {
    expect(checkPayload(makePayload(64, 300, 17), 64, 300)).toBe(17)
  })

  it('notices another message, another length and a wrong byte', () => {
    const payload = makePayload(64, 300)
    expect(() => checkPayload(payload, 64, 301)).toThrow('message 300 instead of 301')
    expect(() => checkPayload(payload, 65, 300)).toThrow('64 bytes instead of 65')
    payload[63] = 0
    expect(() => checkPayload(payload, 64, 300)).toThrow('wrong byte at offset 63')
  })
})

describe('FrameDecoder', () => {
  it('finds the messages in pieces of any length', () => {
    const messages = [makePayload(16, 0), makePayload(40, 1), makePayload(17, 2)]
    const bytes = encodeFrames(messages)
    for (const length of [1, 3, 21, bytes.length]) {
      const decoder = new FrameDecoder()
      const found: Uint8Array[] = []
      for (let offset = 0; offset < bytes.length; offset += length)
        found.push(...decoder.push(bytes.subarray(offset, offset + length)))
      expect(found.map((message) => [...message])).toEqual(messages.map((message) => [...message]))
    }
  })
})

describe('parseCompareOptions', () => {
  it.each([
    [['--peers', 'kafka'], '--peers knows ours'],
    [['--workloads', 'W9'], '--workloads knows W1'],
    [['--write', '--rounds', '4'], '--write needs at least 5 rounds, not 4'],
    [['--write', '--quick'], '--write needs at least 5 rounds, not 1'],
    [['--rounds', '0'], '--rounds must be a number of at least 1'],
  ])('refuses %j', (args, message) => {
    expect(() => parseCompareOptions(args)).toThrow(message)
  })
})

describe('npm run bench:compare', () => {
  it('measures every workload, checks every message, skips with a word, draws and removes its files', () => {
    const program = join(root, 'tools/dist/bench/compare/main.js')
    const charts = join(directory, 'charts')
    const files = mkdtempSync(join(directory, 'files-'))
    const args = ['--json', '--rounds', '1', '--scale', '0.01', '--peers', 'ours,channel', '--workloads', 'W1,W2,W3x64,W4x100']
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args, '--root', files, '--svg', charts], {
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const report = JSON.parse(stdout) as CompareReport
    expect(report.environment.node).toBe(process.version)
    for (const { durable, peers } of report.workloads) {
      for (const { peer, figures, skipped } of peers) {
        const keepsNothing = durable && peer === 'channel'
        expect([peer, skipped]).toEqual([peer, keepsNothing ? 'keeps nothing' : undefined])
        for (const { median } of figures) expect(median).toBeGreaterThanOrEqual(0)
        expect(figures.length > 0).toBe(!keepsNothing)
      }
    }
    expect(formatCompareMarkdown(report)).toContain('| worker MessageChannel | skipped: keeps nothing |')
    expect(readdirSync(charts).sort()).toEqual(['w1.svg', 'w2.svg', 'w3x64.svg', 'w4x100.svg'])
    expect(readFileSync(join(charts, 'w1.svg'), 'utf8')).toBe(drawCharts(report).get('w1.svg'))
    expect(readdirSync(files)).toEqual([])
  })
})
