import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkoutFiles } from './checkout-files.mjs'
import { root } from './run/root.mjs'

const ENTRY = '@chronicle-ts/core/internal'
const EXPORTS = /^export (?:type )?\{([^}]*)\} from /gm
const IMPORTS = new RegExp(`^(?:import|export) (?:type )?\\{([^}]*)\\} from '${ENTRY}'$`, 'gm')
const ANY_IMPORT = new RegExp(`^(?:import|export)\\b[^'"\`;]*from '${ENTRY}'`, 'gm')

function namesIn(text: string, lists: RegExp): string[] {
  const names = [...text.matchAll(lists)].flatMap(([, list = '']) => list.split(','))
  return names
    .map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .replace(/ as .*$/, ''),
    )
    .filter((name) => name !== '')
}

function importersOfEntry(): string[] {
  const texts = ['packages', 'examples', 'tools'].flatMap((folder) =>
    checkoutFiles(root, /\.(ts|mjs)$/, folder).map((path) => readFileSync(join(root, path), 'utf8')),
  )
  return texts.filter((text) => text.match(ANY_IMPORT) !== null)
}

it('exports from core to the packages above it what one of them imports, and nothing else', () => {
  const importers = importersOfEntry()
  // Each import lists its names, so that this test sees them.
  for (const text of importers) expect(text.match(IMPORTS)?.length).toBe(text.match(ANY_IMPORT)?.length)
  const imported = new Set(importers.flatMap((text) => namesIn(text, IMPORTS)))
  const exported = namesIn(readFileSync(join(root, 'packages/core/src/internal.ts'), 'utf8'), EXPORTS)
  expect(exported.filter((name) => !imported.has(name))).toEqual([])
  expect([...imported].filter((name) => !exported.includes(name))).toEqual([])
})

it('names every export of the internal entry', () => {
  expect(readFileSync(join(root, 'packages/core/src/internal.ts'), 'utf8')).not.toMatch(/^export \*/m)
})
