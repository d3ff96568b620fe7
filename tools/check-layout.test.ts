import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findLayoutViolations } from './check-layout.mjs'

let top: string

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'layout-'))
  write('packages/core/src/queue-writer.ts', 'export class QueueWriter {}\n')
  write('packages/native/src/mapping.cc', '// maps\n')
  write('README.md', '# Top\n')
})

afterEach(() => rmSync(top, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true })
  writeFileSync(join(top, path), text)
}

/** Assembled at run time, so that the check does not find this file. */
function planted(...parts: string[]): string {
  return parts.join('')
}

describe('findLayoutViolations', () => {
  it('accepts a sound checkout', () => {
    expect(findLayoutViolations(top)).toEqual([])
  })

  it.each(['packages/core/src/long.ts', 'packages/native/src/long.cc', 'packages/native/src/long.h'])(
    'reports %s with 501 lines',
    (path) => {
      write(path, '\n'.repeat(501))
      expect(findLayoutViolations(top)).toEqual([`${path}: 501 lines, more than 500`])
    },
  )

  it('accepts 500 lines of code and any length of prose', () => {
    write('packages/core/src/long.ts', '\n'.repeat(500))
    write('docs/long.md', '\n'.repeat(2_000))
    expect(findLayoutViolations(top)).toEqual([])
  })

  it('reports a file name that is not kebab-case', () => {
    write('packages/core/src/QueueWriter.ts', '')
    expect(findLayoutViolations(top)).toEqual(['packages/core/src/QueueWriter.ts: file names are kebab-case'])
  })

  it('leaves what was installed or built alone', () => {
    write('packages/core/dist/Built.js', '\n'.repeat(501))
    write('node_modules/other/Index.js', '\n'.repeat(501))
    expect(findLayoutViolations(top)).toEqual([])
  })

  it.each([
    ['a home folder', 'README.md', planted('see /', 'home/somebody/queue'), 'names a folder of one machine'],
    ['a work folder', 'docs/page.md', planted('(/', 'work/main/x)'), 'names a folder of one machine'],
    ['a skipped test', 'a.test.ts', planted('it', '.skip("x", () => {})'), 'a test that does not count'],
    ['a focused test', 'a.test.ts', planted('describe', '.only("x", () => {})'), 'a test that does not count'],
    ['silenced types', 'a.ts', planted('// @ts', '-ignore'), 'silences the type checker'],
    [
      'a hook of a module that tests share',
      'support.ts',
      'afterEach(() => {})',
      'a hook that only the first test file of a worker would have; use onTestFinished',
    ],
    ['unfinished work', 'a.cc', planted('// TO', 'DO: later'), 'work left in the code'],
    ['a name that says nothing', 'a.ts', planted('class Queue', 'Manager {}'), 'a name that says nothing'],
    ["another system's word", 'a.ts', planted('const tail', 'er = 1'), "another system's word"],
  ])('reports %s', (_, path, line, reason) => {
    write(path, `first\n${line}\n`)
    expect(findLayoutViolations(top)).toEqual([expect.stringContaining(reason)])
    expect(findLayoutViolations(top)[0]).toMatch(new RegExp(`^${path}:2: `))
  })

  it('takes a relative path for what it is', () => {
    write('a.ts', "import { x } from '../shared/work/home/x.js'\n")
    expect(findLayoutViolations(top)).toEqual([])
  })
})
