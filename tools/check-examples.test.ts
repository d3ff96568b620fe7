import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findExampleViolations } from './check-examples.mjs'
import { root } from './run/root.mjs'

let top: string

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'examples-'))
  for (const name of ['tsconfig.base.json', 'tsconfig.check.json']) writeFileSync(join(top, name), readFileSync(join(root, name)))
  symlinkSync(join(root, 'packages'), join(top, 'packages'))
  symlinkSync(join(root, 'node_modules'), join(top, 'node_modules'))
  mkdirSync(join(top, 'docs'))
})

afterEach(() => rmSync(top, { recursive: true, force: true }))

function writePage(code: string): void {
  writeFileSync(join(top, 'docs/page.md'), `# Page\n\n\`\`\`ts\n${code}\n\`\`\`\n`)
}

describe('findExampleViolations', () => {
  it('accepts a program that compiles', () => {
    writePage("import { basename } from 'node:path'\n\nconst name: string = basename('a/b')")
    expect(findExampleViolations(top)).toEqual([])
  })

  it('reports by page and line what does not compile, and removes its files', () => {
    const before = readdirSync(top)
    writePage("import { basename } from 'node:path'\n\nconst name: number = basename('a/b')")
    expect(findExampleViolations(top)).toEqual([expect.stringMatching(/^docs\/page\.md:6: TS2322/)])
    expect(readdirSync(top)).toEqual(before)
  })

  it('notices a name that the package does not export', () => {
    writePage("import { openNothing } from 'node:path'\n\nopenNothing()")
    expect(findExampleViolations(top)).toEqual([expect.stringMatching(/^docs\/page\.md:4: .*openNothing/)])
  })

  it('leaves fragments alone', () => {
    writePage('const message = reader.next()')
    expect(findExampleViolations(top)).toEqual([])
  })
})
