import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findLayerViolations } from './check-layers.mjs'
import { root } from './run/root.mjs'

const DEPENDENCIES: Record<string, string[]> = {
  native: [],
  core: ['native'],
  inspect: ['core', 'native'],
  bus: ['core', 'inspect'],
  fanin: ['core'],
  cli: ['core', 'inspect', 'bus'],
}

let top: string

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'layers-'))
  write('package.json', '{ "devDependencies": { "vitest": "1" } }')
  for (const [name, dependencies] of Object.entries(DEPENDENCIES)) {
    write(`packages/${name}/package.json`, manifest(dependencies))
    write(
      `packages/${name}/src/index.ts`,
      dependencies.map((dependency) => `import { a } from '@chronicle-ts/${dependency}'\n`).join(''),
    )
  }
})

afterEach(() => rmSync(top, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true })
  writeFileSync(join(top, path), text)
}

function manifest(dependencies: readonly string[]): string {
  return JSON.stringify({ dependencies: Object.fromEntries(dependencies.map((name) => [`@chronicle-ts/${name}`, '1'])) })
}

describe('findLayerViolations', () => {
  it('accepts imports that point downwards', () => {
    expect(findLayerViolations(top)).toEqual([])
  })

  it.each([
    ['native', 'core'],
    ['core', 'bus'],
    ['core', 'fanin'],
    ['core', 'inspect'],
    ['inspect', 'bus'],
    ['bus', 'fanin'],
    ['fanin', 'bus'],
    ['bus', 'cli'],
    ['bus', 'native'],
    ['fanin', 'native'],
    ['cli', 'native'],
  ])('refuses that %s imports %s', (from, to) => {
    write(`packages/${from}/src/bad.ts`, `import { x } from '@chronicle-ts/${to}'\n`)
    expect(findLayerViolations(top)).toEqual([`packages/${from}/src/bad.ts:1: ${from} must not import @chronicle-ts/${to}`])
  })

  it.each([
    ['an export', "export { x } from '@chronicle-ts/cli'"],
    ['a bare import', "import '@chronicle-ts/cli'"],
    ['a type import over several lines', "import type {\n  A,\n  B,\n} from '@chronicle-ts/cli'"],
    ['a dynamic import', "const cli = await import('@chronicle-ts/cli')"],
    ['a require', "const cli = require('@chronicle-ts/cli')"],
  ])('sees %s', (_, statement) => {
    write('packages/core/src/bad.ts', `${statement}\n`)
    expect(findLayerViolations(top)).toHaveLength(1)
  })

  it('takes an import in a comment for what it is', () => {
    write(
      'packages/core/src/good.ts',
      "/**\n * import { x } from '@chronicle-ts/cli'\n */\n// await import('@chronicle-ts/cli')\n",
    )
    expect(findLayerViolations(top)).toEqual([])
  })

  it('holds tests to the same layers', () => {
    write('packages/fanin/test/merge/merge.test.ts', "import { x } from '@chronicle-ts/bus'\n")
    expect(findLayerViolations(top)).toHaveLength(1)
  })

  it.each(['src/file.js', 'dist/index.js'])('refuses to reach into %s of another package', (inside) => {
    write('packages/bus/src/bad.ts', `import { x } from '@chronicle-ts/core/${inside}'\n`)
    expect(findLayerViolations(top)).toEqual([
      `packages/bus/src/bad.ts:1: @chronicle-ts/core/${inside} reaches into a package; import @chronicle-ts/core`,
    ])
  })

  it('refuses a relative path into another package', () => {
    write('packages/bus/src/bad.ts', "import { x } from '../../core/src/index.js'\n")
    expect(findLayerViolations(top)).toHaveLength(1)
  })

  it('keeps the internal entry of core for the packages above it', () => {
    const statement = "import { x } from '@chronicle-ts/core/internal'\n"
    write('packages/bus/src/good.ts', statement)
    write('packages/core/src/own.ts', statement)
    expect(findLayerViolations(top)).toEqual([])
    write('examples/package.json', manifest(['core']))
    write('examples/src/bad.ts', statement)
    expect(findLayerViolations(top)).toEqual([
      'examples/src/bad.ts:1: @chronicle-ts/core/internal reaches into a package; import @chronicle-ts/core',
    ])
  })

  it('lets tests of core ask inspect, and no other file of core', () => {
    const statement = "import { x } from '@chronicle-ts/inspect'\n"
    write('packages/core/src/good.test.ts', statement)
    write('packages/core/test/programs/good.mjs', statement)
    expect(findLayerViolations(top)).toEqual([])
    write('packages/core/src/bad.ts', statement)
    expect(findLayerViolations(top)).toHaveLength(1)
  })

  it('lets tests ask the witness of the format, and no other code', () => {
    const statement = "import { readQueue } from '../../../tools/evidence/witness/read-queue.mjs'\n"
    write('packages/bus/src/good.test.ts', statement)
    write('packages/bus/test/good.ts', statement)
    expect(findLayerViolations(top)).toEqual([])
    write('packages/bus/src/bad.ts', statement)
    expect(findLayerViolations(top)).toHaveLength(1)
  })

  it('keeps the folders of core in their order, except for tests', () => {
    write(
      'packages/core/src/format/record-layout.ts',
      "import { x } from '../writer/queue-writer.js'\nimport { y } from './sizes.js'\nimport { z } from '../defaults.js'\n",
    )
    write('packages/core/src/format/record-layout.test.ts', "import { x } from '../writer/queue-writer.js'\n")
    write('packages/core/src/writer/queue-writer.ts', "import { x } from '../format/sizes.js'\n")
    write('packages/core/src/other/file.ts', "import { x } from '../format/sizes.js'\n")
    expect(findLayerViolations(top)).toEqual([
      'packages/core/src/format/record-layout.ts:1: ../writer/queue-writer.js points up: format stands below writer',
      'packages/core/src/other/file.ts:1: packages/core/src/other is a folder that tools/check-layers.mjs gives no place',
    ])
  })

  it('finds imports in a circle, also of types', () => {
    write('packages/bus/src/a.ts', "import type { B } from './b.js'\n")
    write('packages/bus/src/b.ts', "import { c } from './deep/c.js'\n")
    write('packages/bus/src/deep/c.ts', "import { a } from '../a.js'\n")
    expect(findLayerViolations(top)).toEqual([
      'packages/bus/src/deep/c.ts: imports in a circle: packages/bus/src/a.ts -> packages/bus/src/b.ts -> packages/bus/src/deep/c.ts -> packages/bus/src/a.ts',
    ])
  })

  it('refuses a package that is not declared', () => {
    write('packages/core/src/bad.ts', "import leftPad from 'left-pad'\nimport { it } from 'vitest'\nimport fs from 'node:fs'\n")
    expect(findLayerViolations(top)).toEqual(['packages/core/src/bad.ts:1: left-pad is not declared in package.json'])
  })

  it('accepts the names that a package gives to files of its own, and no others', () => {
    write(
      'packages/core/package.json',
      JSON.stringify({ imports: { '#a': './a.js' }, dependencies: { '@chronicle-ts/native': '1' } }),
    )
    write('packages/core/src/use.ts', "import { a } from '#a'\nimport { b } from '#b'\n")
    expect(findLayerViolations(top)).toEqual(['packages/core/src/use.ts:2: #b is not declared in package.json'])
  })

  it('refuses an upward dependency in package.json', () => {
    write('packages/core/package.json', manifest(['native', 'bus']))
    expect(findLayerViolations(top)).toEqual(['packages/core/package.json: core must not depend on @chronicle-ts/bus'])
  })

  it('refuses a package without a layer', () => {
    write('packages/extra/src/index.ts', '')
    expect(findLayerViolations(top)).toEqual(['packages/extra: a package that tools/check-layers.mjs gives no layer'])
  })
})

describe('exceptions', () => {
  beforeEach(() => write('tools/package.json', manifest(['native'])))

  it('lets benchmarks measure the addon itself, and nothing else of the tools', () => {
    write('tools/bench/suites/checksum.ts', "import { binding } from '@chronicle-ts/native'\n")
    expect(findLayerViolations(top)).toEqual([])
    write('tools/evidence/kill/main.ts', "import { binding } from '@chronicle-ts/native'\n")
    expect(findLayerViolations(top)).toEqual(['tools/evidence/kill/main.ts:1: tools must not import @chronicle-ts/native'])
  })

  it('lets the test of the witnesses build queues from layouts, and reach for nothing else', () => {
    write('tools/evidence/witness/witness.test.ts', "import { x } from '../../../packages/core/src/format/index.js'\n")
    expect(findLayerViolations(top)).toEqual([])
    write('tools/evidence/witness/witness.test.ts', "import { x } from '../../../packages/core/src/segment/index.js'\n")
    expect(findLayerViolations(top)).toHaveLength(1)
  })
})

describe('check-layers.mjs', () => {
  it('finds nothing in this checkout', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'tools/check-layers.mjs')], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})
