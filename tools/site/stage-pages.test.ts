import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishedPackages } from '../release/pack.mjs'
import { CATEGORIES, PACKAGES, stagePages } from './stage-pages.mjs'

let staged: string
let names: string[]

beforeAll(() => {
  staged = mkdtempSync(join(tmpdir(), 'chronicle-pages-'))
  names = stagePages(staged)
})

afterAll(() => rmSync(staged, { recursive: true, force: true }))

const page = (name: string) => readFileSync(join(staged, name), 'utf8')

/** Opening lines of blocks of code. */
function fencesOf(text: string): string[] {
  return [...text.matchAll(/^```.*$/gm)].map(([fence]) => fence).filter((_, index) => index % 2 === 0)
}

describe('the pages of the site', () => {
  it('have a title and a part of the menu', () => {
    expect(names.length).toBeGreaterThan(50)
    const heads = names.map((name) => /^---\ntitle: "(.+)"\ncategory: "(.+)"\n---\n/.exec(page(name)) ?? [])
    expect(names.filter((_, index) => heads[index]?.[1] === undefined)).toEqual([])
    expect(new Set(heads.map(([, , category]) => category))).toEqual(new Set(CATEGORIES))
  })

  it('show their title once: the first page is below that of the site', () => {
    expect(page('README.md')).not.toMatch(/^# /m)
    expect(names.filter((name) => name !== 'README.md' && !/^# /m.test(page(name)))).toEqual([])
  })

  it('have a language for every block of code, as one without is coloured as TypeScript', () => {
    const fences = names.flatMap((name) => fencesOf(page(name)).map((fence) => `${name}: ${fence}`))
    expect(fences.filter((line) => !/```\w+$/.test(line))).toEqual([])
    expect(fences.some((line) => line.endsWith('```text'))).toBe(true)
  })

  it('of the guide stand in the order of its table', () => {
    const pages = names.filter((name) => name.startsWith('docs/guide/')).map((name) => name.replace('docs/guide/', ''))
    const table = readFileSync(new URL('../../docs/guide/README.md', import.meta.url), 'utf8')
    const tasks = [...table.matchAll(/^\| .* \| \[([a-z-]+\.md)\]/gm)].map(([, name]) => name)
    expect(tasks.length).toBeGreaterThan(5)
    expect(pages).toEqual(['README.md', ...tasks])
  })

  it('include a package each that is published', () => {
    expect([...PACKAGES].sort()).toEqual(publishedPackages().sort())
  })
})
