import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findDocsViolations } from './check-docs.mjs'

let top: string

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'docs-'))
  write('package.json', '{ "devDependencies": { "vitest": "1", "@types/benchmark": "1" } }')
  write('README.md', '# Top\n\nSee [the core](packages/core/README.md#its-limits) and [here](#top).\n')
  write('packages/core/package.json', '{ "dependencies": { "@chronicle-ts/native": "1" } }')
  write('packages/core/README.md', '# Core\n\nIt does not name queues.\n\n## Its limits\n')
  write('docs/decisions/0001-vitest.md', 'We test with vitest.\n')
  write('docs/decisions/0002-benchmark.md', 'We measure with `benchmark`.\n')
})

afterEach(() => rmSync(top, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true })
  writeFileSync(join(top, path), text)
}

describe('findDocsViolations', () => {
  it('accepts a sound checkout', () => {
    expect(findDocsViolations(top)).toEqual([])
  })

  it.each([
    ['a missing file', '[x](docs/nothing.md)', 'docs/nothing.md does not exist'],
    ['a missing heading', '[x](packages/core/README.md#no-such)', 'packages/core/README.md#no-such names no heading'],
    ['a missing heading of the same text', '[x](#nowhere)', '#nowhere names no heading'],
    ['a missing picture', '![x](picture.svg)', 'picture.svg does not exist'],
    ['a path outside the repository', '[x](../elsewhere/design.md)', '../elsewhere/design.md leaves the repository'],
    ['an absolute path', '[x](/etc/passwd)', '/etc/passwd leaves the repository'],
  ])('reports a link to %s', (_, link, fault) => {
    write('top.md', `# Page\n\n${link}\n`)
    expect(findDocsViolations(top)).toContain(`top.md:3: ${fault}`)
  })

  it('leaves links in code and links to the web alone', () => {
    write('page.md', '`[x](nothing.md)` [web](https://example.org/x)\n\n```ts\nconst a = b[c](nothing)\n```\n')
    expect(findDocsViolations(top)).toEqual([])
  })

  it('numbers equal headings as GitHub does', () => {
    write('page.md', '# Same\n\n# Same\n\n[second](#same-1)\n')
    expect(findDocsViolations(top)).toEqual([])
  })

  it('reports a package without a README', () => {
    rmSync(join(top, 'packages/core/README.md'))
    write('README.md', '# Top\n')
    expect(findDocsViolations(top)).toEqual(['packages/core/README.md: is missing'])
  })

  it('reports a README that does not say what its package leaves out', () => {
    write('packages/core/README.md', '# Core\n\nIt can do everything.\n\n## Its limits\n')
    expect(findDocsViolations(top)).toEqual(['packages/core/README.md: does not say what the package does not do'])
  })

  it('reports a file of the table of protocols that has no link to the normative place', () => {
    const table =
      '| protocol | normative | linked from |\n|---|---|---|\n| leaving | [Leaving](#leaving) | `README.md`, `docs/gone.md` |\n'
    const gone = [
      'docs/format.md: leaving: docs/gone.md does not exist',
      'docs/format.md: names docs/gone.md, which does not exist',
    ]
    write('docs/format.md', `# Format\n\n## Protocols\n\n${table}\n## Leaving\n`)
    expect(findDocsViolations(top)).toEqual(['README.md: has no link to docs/format.md#leaving, for leaving', ...gone])
    write('README.md', '# Top\n\n[Leaving](docs/format.md#leaving)\n')
    expect(findDocsViolations(top)).toEqual(gone)
    write('docs/format.md', '# Format\n\n## Protocols\n\nNo table.\n\n## Leaving\n')
    expect(findDocsViolations(top)).toEqual(['docs/format.md: the table of protocols has no row'])
  })

  it('reports a file that a document or a comment names and that does not exist', () => {
    // Put together, so that this file does not name them.
    const [good, bad] = [['reader', 'place.ts'].join('/'), ['core/src', 'none.ts'].join('/')]
    write(
      'packages/core/src/reader/place.ts',
      `/** As ${good} and ${bad} do; see <sys/mman.h>. */\nexport const x = "no/comment.ts"\n`,
    )
    write('docs/page.md', 'See `src/reader/place.ts`, `src/reader/gone.ts` and `dist/made.js`.\n')
    expect(findDocsViolations(top)).toEqual([
      'docs/page.md: names src/reader/gone.ts, which does not exist',
      `packages/core/src/reader/place.ts: names ${bad}, which does not exist`,
    ])
  })

  it('reports a gap between decisions', () => {
    write('docs/decisions/0004-later.md', 'x\n')
    expect(findDocsViolations(top)).toEqual([
      'docs/decisions/0004-later.md: should be number 3; numbers run from 0001 without gaps',
    ])
  })

  it('reports two decisions of one number', () => {
    write('docs/decisions/0002-again.md', 'x\n')
    expect(findDocsViolations(top)).toEqual([
      'docs/decisions/0002-benchmark.md: should be number 3; numbers run from 0001 without gaps',
    ])
  })

  it('reports a decision whose name has no number', () => {
    write('docs/decisions/Notes.md', 'x\n')
    expect(findDocsViolations(top)).toEqual(['docs/decisions/Notes.md: must be named NNNN-title-in-kebab-case.md'])
  })

  it('reports a dependency that no decision is about', () => {
    write('packages/core/package.json', '{ "dependencies": { "left-pad": "1" } }')
    expect(findDocsViolations(top)).toEqual(['packages/core/package.json: no decision in docs/decisions is about left-pad'])
  })

  it('does not take a part of a word for a dependency', () => {
    write('docs/decisions/0001-vitest.md', 'We test with vitest-like things.\n')
    expect(findDocsViolations(top)).toEqual(['package.json: no decision in docs/decisions is about vitest'])
  })
})
