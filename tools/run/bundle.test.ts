import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as core from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { root } from './root.mjs'

interface Manifest {
  readonly exports: Record<string, string | { readonly default: string }>
  readonly scripts: Record<string, string>
}

const manifestOf = (name: string): Manifest => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
const BUNDLED = readdirSync(join(root, 'packages')).filter((name) => manifestOf(name).scripts['build']?.includes('bundle.mjs'))

describe('the build of a library', () => {
  it('is that of all but the command', () => {
    const others = readdirSync(join(root, 'packages')).filter((name) => !BUNDLED.includes(name))
    expect(others).toEqual(['cli'])
  })

  it.each(BUNDLED)('makes one file for each entry of %s, and one of what they share', (name) => {
    const entries = Object.values(manifestOf(name).exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default]))
    const dist = join(root, 'packages', name, 'dist')
    const made = readdirSync(dist, { encoding: 'utf8', recursive: true }).filter((path) => path.endsWith('.js'))
    const shared = entries.length > 1 ? ['shared.js'] : []
    expect(made.sort()).toEqual([...entries.map((path) => path.replace('./dist/', '')), ...shared].sort())
  })

  it.each(BUNDLED)('keeps the names of the classes of %s, also of those that name themselves', async (name) => {
    const exported: Record<string, unknown> = await import(join(root, 'packages', name, 'dist/index.js'))
    const classes = Object.entries(exported).filter(([, value]) => /^class\b/.test(String(value)))
    expect(classes.map(([, value]) => (value as { name: string }).name)).toEqual(classes.map(([as]) => as))
  })

  it('keeps one class for each error, whichever entry throws it', async () => {
    const entry = (name: string) => import(join(root, `packages/core/dist/${name}.js`))
    const { QueueError } = await entry('index')
    const { checkFlag } = await entry('internal')
    expect(Object.keys(await entry('index')).sort()).toEqual(Object.keys(core).sort())
    expect(() => checkFlag('isOn', 'yes')).toThrow(QueueError)
  })
})
