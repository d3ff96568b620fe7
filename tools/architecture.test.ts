import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './run/root.mjs'

const SCOPE = '@chronicle-ts/'
/** The column of the drawing at which the descriptions begin. */
const DESCRIPTIONS_AT = 43
const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
const layers = text.slice(text.indexOf('## Layers'), text.indexOf('## The way of one message'))

/** What the table says that each package imports. */
const table = new Map(
  [...layers.matchAll(/^\| (`.+) \| (.+) \|$/gm)].flatMap(([, packages = '', imports = '']) =>
    namesIn(packages).map((name) => [name, namesIn(imports).sort()] as const),
  ),
)

/** The rows of the drawing, the highest first. */
const [, drawing = ''] = /```\n([\s\S]*?)```/.exec(layers) ?? []
const rows = drawing
  .trimEnd()
  .split('\n')
  .map((line) => line.slice(0, DESCRIPTIONS_AT).trim().split(/\s+/))

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([a-z]+)`/g)].map(([, name = '']) => name)
}

function dependenciesOf(name: string): string[] {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  const names = Object.keys(dependencies).filter((dependency) => dependency.startsWith(SCOPE))
  return names.map((dependency) => dependency.slice(SCOPE.length)).sort()
}

describe('ARCHITECTURE.md', () => {
  const packages = readdirSync(join(root, 'packages')).sort()

  it('has every package in the table and in the drawing', () => {
    expect([...table.keys()].sort()).toEqual(packages)
    expect(rows.flat().sort()).toEqual([...packages, 'examples', 'tools'].sort())
  })

  it.each(packages)('says what %s imports, all of it from lower rows', (name) => {
    expect(table.get(name)).toEqual(dependenciesOf(name))
    const rowOf = (layer: string) => rows.findIndex((row) => row.includes(layer))
    for (const dependency of table.get(name) ?? []) expect(rowOf(dependency)).toBeGreaterThan(rowOf(name))
  })
})
