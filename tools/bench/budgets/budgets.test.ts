import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EFFORT } from '../../evidence/effort/effort.mjs'
import { root } from '../../run/root.mjs'
import type { Floor } from '../floor/compile-floor.js'
import { BUDGET_SECTIONS } from './budget-rows.js'
import { measureRounds, summarizeBudgets } from './measure-budgets.js'
import { formatSection } from './measure-table.js'

const LONG = EFFORT !== 'short'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'budgets-test-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('measureRounds', () => {
  const floor: Floor = { program: '', retainedProgram: '', oneWayProgram: '', pingPongProgram: '', doNothing: () => undefined }
  const options = { payloadLength: 64, messages: 1, seconds: 1, latencySeconds: 1, quick: true, floor, rounds: 2 }

  it('lets probes take turns, each in a folder of its own that is removed', async () => {
    const seen: string[] = []
    const folders = new Set<string>()
    const probe = (name: string, key: string, value: number) => ({
      name,
      measure: (context: { readonly round: number; readonly directory: string }) => {
        seen.push(`${name} ${context.round}`)
        folders.add(context.directory)
        return { [key]: value }
      },
    })
    const probes = [
      probe('append', 'appendNs', 60),
      probe('crc', 'crcNs', 20),
      probe('notify', 'notifyNs', 30),
      probe('call', 'emptyCallNs', 10),
    ]
    const rounds = await measureRounds(probes, { ...options, directory }, () => undefined)
    const names = ['append', 'crc', 'notify', 'call']
    expect(seen).toEqual([0, 1].flatMap((round) => names.map((name) => `${name} ${round}`)))
    expect(folders.size).toBe(8)
    expect(readdirSync(directory)).toEqual([])
    expect(rounds[1]).toEqual({ appendNs: 60, crcNs: 20, notifyNs: 30, emptyCallNs: 10, appendPerCrc: 3, appendPerFloor: 1.5 })
  })
})

describe('summarizeBudgets', () => {
  const sections = [
    {
      title: 'hot',
      rows: [
        { name: 'append', key: 'appendNs', unit: 'ns' as const, must: 100, aim: 55 },
        { name: 'not measured', key: 'otherNs', unit: 'ns' as const, must: 1 },
      ],
    },
    { title: 'nothing measured here', rows: [{ name: 'rolls', key: 'rollUs', unit: 'us' as const }] },
  ]

  it.each([
    [55, 'aim', 'aim met'],
    [56, 'must', 'must met'],
    [101, 'missed', 'MISSED'],
  ])('judges a median of %d: %s', (value, verdict, words) => {
    const summary = summarizeBudgets(sections, [{ appendNs: value - 50 }, { appendNs: value }, { appendNs: 10_000 }])
    expect(summary).toHaveLength(1)
    expect(summary[0]?.rows).toMatchObject([{ key: 'appendNs', median: value, max: 10_000, verdict }])
    const text = summary[0] === undefined ? '' : formatSection(summary[0], 3)
    expect(text).toContain(words)
    expect(text).toContain('median of 3')
  })
})

describe('npm run bench -- budgets', () => {
  function run(...args: string[]) {
    const program = join(root, 'tools/dist/bench/main.js')
    return spawnSync(process.execPath, [program, 'budgets', '--root', directory, ...args], { encoding: 'utf8' })
  }

  it(`measures every row of the table${LONG ? '' : ' that the two quick probes fill'}, as JSON, and removes its files`, {
    timeout: 600_000,
  }, () => {
    const { status, stdout, stderr } = run('--quick', '--json', ...(LONG ? [] : ['--only', 'sustained,open']))
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const report = JSON.parse(stdout)
    const keys = report.sections.flatMap((section: { rows: { key: string }[] }) => section.rows.map(({ key }) => key))
    const all = BUDGET_SECTIONS.flatMap(({ rows }) => rows.map(({ key }) => key))
    expect(keys).toEqual(LONG ? all : all.filter((key) => keys.includes(key)))
    expect(keys.length).toBeGreaterThan(5)
    for (const { rows } of report.sections) for (const { median } of rows) expect(median).toBeGreaterThanOrEqual(0)
    expect(readdirSync(directory)).toEqual([])
  })

  it('answers the name of no probe with one sentence', () => {
    const { status, stderr } = run('--only', 'everything')
    expect(status).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
