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
  it('is that of all but the addon and the command', () => {
    const others = readdirSync(join(root, 'packages')).filter((name) => !BUNDLED.includes(name))
    expect(others).toEqual(['cli', 'native'])
  })

  it.each(BUNDLED)('makes one file for each entry of %s, and one of what they share', (name) => {
    const entries = Object.values(manifestOf(name).exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default]))
    const dist = join(root, 'packages', name, 'dist')
    const made = readdirSync(dist, { encoding: 'utf8', recursive: true }).filter((path) => path.endsWith('.js'))
    const shared = entries.length > 1 ? ['shared.js'] : []
    expect(made.sort()).toEqual([...entries.map((path) => path.replace('./dist/', '')), ...shared].sort())
  })

  it('keeps one class for each error, whichever entry names it', async () => {
    const [outer, inner] = await Promise.all(
      ['index', 'internal'].map((entry) => import(join(root, `packages/core/dist/${entry}.js`))),
    )
    expect(Object.keys(outer).sort()).toEqual(Object.keys(core).sort())
    const both = Object.keys(outer).filter((key) => key in inner)
    for (const key of both) expect(inner[key], key).toBe(outer[key])
  })
})
