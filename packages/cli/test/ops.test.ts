import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { STATES } from '@chronicle-ts/inspect'
import { describe, expect, it } from 'vitest'
import { RUNBOOK_ANCHORS } from '../src/commands/metrics/runbook.js'
import { METRICS } from '../src/commands/metrics/samples.js'
import { runCli } from './support/run-cli.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const ops = join(root, 'ops')

/** Whether a tool of the system is there; where it is not, what it checks is left out with a word. */
function has(tool: string): boolean {
  const found = spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined
  if (!found) console.warn(`ops/ is not checked by ${tool}, which is not installed`)
  return found
}

function check(tool: string, args: readonly string[], input?: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(tool, args, { cwd: ops, encoding: 'utf8', ...(input !== undefined && { input }) })
  return { status, output: `${stdout}${stderr}` }
}

describe('the files for operators', () => {
  it('name metrics that exist', () => {
    const names = new Set<string>(Object.keys(METRICS))
    for (const file of ['prometheus/alerts.yml', 'grafana/chronicle.json', 'prometheus/alerts.test.yml']) {
      const used = readFileSync(join(ops, file), 'utf8').match(/\bchronicle_[a-z_]+/g) ?? []
      expect(used.length).toBeGreaterThan(0)
      expect(used.filter((name) => !names.has(name))).toEqual([])
    }
    expect(JSON.parse(readFileSync(join(ops, 'grafana/chronicle.json'), 'utf8'))).toMatchObject({ uid: 'chronicle-queues' })
  })

  it('link to anchors of the page that the exporter serves', () => {
    const rules = readFileSync(join(ops, 'prometheus/alerts.yml'), 'utf8')
    const links = [...rules.matchAll(/runbook_url: "http:\/\/{{ \$labels\.instance }}\/runbook#(.+)"/g)].map(
      ([, anchor]) => anchor,
    )
    expect(links).toHaveLength(rules.match(/runbook_url:/g)?.length ?? 0)
    // A condition's code is one of the states, and all of them have an anchor.
    expect(links.filter((anchor) => anchor !== '{{ $labels.code }}' && !RUNBOOK_ANCHORS.includes(anchor ?? ''))).toEqual([])
    expect(Object.keys(STATES).filter((code) => !RUNBOOK_ANCHORS.includes(code))).toEqual([])
  })

  it.runIf(has('promtool'))('have rules that promtool accepts, and metrics without a complaint', () => {
    expect(check('promtool', ['check', 'rules', 'prometheus/alerts.yml'])).toMatchObject({ status: 0 })
    expect(check('promtool', ['test', 'rules', 'prometheus/alerts.test.yml'])).toMatchObject({ status: 0 })
    const golden = join(root, 'packages/core/test/golden/rust-v3')
    expect(check('promtool', ['check', 'metrics'], runCli(['metrics', golden]).stdout)).toEqual({ status: 0, output: '' })
  })

  it.runIf(has('systemd-analyze'))('have units that systemd accepts', () => {
    const units = readdirSync(join(ops, 'systemd')).map((name) => `systemd/${name}`)
    expect(check('systemd-analyze', ['verify', ...units])).toEqual({ status: 0, output: '' })
  })
})
