import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { root } from '../../../run/root.mjs'
import type { CompareReport } from '../report.js'
import { drawCharts } from '../write-charts.js'

const PROGRAM = join(root, 'tools/dist/bench/compare/main.js')
let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'compare-programs-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** With nothing on the path: no runtime, no compiler, no package manager. */
function compareWithoutTools(args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PATH: directory },
  })
  return { status, stdout, stderr }
}

it('measures ours in every row, skips peers whose runtime is missing with a word, draws the pictures', () => {
  const charts = join(directory, 'charts')
  const files = mkdtempSync(join(directory, 'files-'))
  const rows = ['oneway', 'stream', 'readers', 'sources', 'open']
  const args = ['--quick', '--json', '--peers', 'ours,aeron,photon-ring', '--workloads', rows.join(',')]
  const { status, stdout, stderr } = compareWithoutTools([...args, '--root', files, '--svg', charts])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const report = JSON.parse(stdout) as CompareReport
  expect(report.programs.map(({ id }) => id)).toEqual(rows)
  for (const { peers } of report.programs) {
    const [ours, ...others] = peers
    const medians = Object.values(ours?.figures ?? {}).map(({ median }) => median)
    expect(medians.length).toBeGreaterThan(0)
    for (const median of medians) expect(median).toBeGreaterThan(0)
    for (const { figures } of others) expect(figures).toEqual({})
  }
  expect(report.programs[0]?.peers.map(({ peer, skipped }) => [peer, skipped])).toEqual([
    ['ours', undefined],
    ['aeron', 'java is not installed'],
    ['photon-ring', 'cargo is not installed'],
  ])
  expect(readdirSync(charts).sort()).toEqual(['latency.svg', 'open.svg', 'readers.svg', 'size.svg', 'sources.svg'])
  for (const [name, picture] of drawCharts(report)) expect(readFileSync(join(charts, name), 'utf8')).toBe(picture)
  expect(readdirSync(files)).toEqual([])
})

it('says with --install what is missing, and measures nothing', () => {
  const { stdout, status } = compareWithoutTools(['--install', '--peers', 'ours,chronicle-queue,photon-ring'])
  expect(status).toBe(0)
  expect(stdout).toBe('ours: is there\nchronicle-queue: java is not installed\nphoton-ring: cargo is not installed\n')
})
