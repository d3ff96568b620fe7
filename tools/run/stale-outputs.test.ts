import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { removeStaleOutputs } from './stale-outputs.mjs'

it('deletes the outputs of sources that are gone, and nothing else', () => {
  const root = mkdtempSync(join(tmpdir(), 'chronicle-outputs-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const folder = join(root, 'packages', 'core')
  for (const name of ['src/reader', 'dist/reader', 'dist/gone']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'src/reader/kept.ts'), '')
  const outputs = ['reader/kept.js', 'reader/kept.d.ts', 'reader/lost.js', 'reader/lost.js.map', 'gone/old.js', 'chronicle.node']
  // As a package is whose scripts were bundled.
  outputs.push('reader/bundled.d.ts', 'reader/bundled.d.ts.map')
  for (const name of outputs) writeFileSync(join(folder, 'dist', name), '')
  removeStaleOutputs(root)
  expect(readdirSync(join(folder, 'dist/reader')).sort()).toEqual(['kept.d.ts', 'kept.js'])
  expect(readdirSync(join(folder, 'dist'))).not.toContain('gone')
  expect(readdirSync(join(folder, 'dist'))).toContain('chronicle.node')
})
