import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RECOVERY_CASES } from '@chronicle-ts/core/internal'
import { describe, expect, it } from 'vitest'
import { root } from './run/root.mjs'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
/** A file of tests, the titles without the lessons in front, which stand in docs/reliability.md only. */
const readTests = (path: string) => read(path).replace(/'L\d+[,:] /g, "'")

describe('docs/recovery.md', () => {
  it('has the rows of RECOVERY_CASES with their decisions, each with a test that exists', () => {
    const rows = [...read('docs/recovery.md').matchAll(/^\| `([a-z-]+)` \| (.+?) \| (.+?) \|$/gm)]
    expect(Object.fromEntries(rows.map(([, name, decision]) => [name, decision]))).toEqual(RECOVERY_CASES)
    const folder = join(root, 'packages/core/src/recovery')
    const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'))
    const tests = files.map((name) => readTests(`packages/core/src/recovery/${name}`)).join()
    for (const [, name = '', , title = ''] of rows) {
      expect(tests).toContain(`'${title}'`)
      expect(title).toContain(name)
    }
  })
})

describe('docs/durability.md', () => {
  it('names tests that exist', () => {
    const cells = [...read('docs/durability.md').matchAll(/`(packages\/[^`]+\.test\.ts)`: ([^|]+?)(?= \||; `)/g)]
    expect(cells.length).toBeGreaterThan(7)
    for (const [, file = '', titles = ''] of cells)
      for (const title of titles.split('; ')) expect(readTests(file)).toContain(`'${title}'`)
  })
})

describe('docs/replication.md', () => {
  it('has a test for every row of what is promised', () => {
    const folder = join(root, 'packages/bridge')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /^(src|test).*\.test\.ts$/.test(name),
    )
    const tests = files.map((name) => readTests(`packages/bridge/${name}`)).join()
    const [, table = ''] =
      /\| failure \| what happens \| test \|\n\|---\|---\|---\|\n((?:\|.*\n)+)/.exec(read('docs/replication.md')) ?? []
    const titles = [...table.matchAll(/^\| .+ \| .+ \| `([^`]+)` \|$/gm)].map(([, title = '']) => title)
    expect(titles.length).toBeGreaterThan(20)
    expect(titles).toHaveLength(table.trim().split('\n').length)
    expect(titles.filter((title) => !tests.includes(`'${title}'`))).toEqual([])
  })
})
