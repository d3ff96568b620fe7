import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findLessonViolations } from './check-lessons.mjs'
import { root } from './run/root.mjs'

let top: string

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'lessons-'))
})
afterEach(() => rmSync(top, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true })
  writeFileSync(join(top, path), text)
}

/** Put together, so that this file names no lesson itself. */
function named(lesson: number, rest: string): string {
  return `L${lesson}${rest}`
}

function page(lessons: string[], rows: string[]): string {
  const listed = lessons.map((lesson) => `| ${lesson} | a fault |`).join('\n')
  const table = ['| lesson | file | test |', '|---|---|---|', ...rows].join('\n')
  return `# Page\n\n${listed}\n\n<!-- tests of lessons: begin -->\n\n${table}\n\n<!-- tests of lessons: end -->\n`
}

describe('findLessonViolations', () => {
  it('finds this checkout sound', () => {
    expect(findLessonViolations(root)).toEqual([])
  })

  it('accepts a page whose table names the tests', () => {
    write('a.test.ts', `it(${JSON.stringify(named(91, ', row: holds'))}, () => {})\n`)
    write('docs/reliability.md', page(['L91'], ['| L91 | `a.test.ts` | L91, row: holds |']))
    expect(findLessonViolations(top)).toEqual([])
  })

  it('reports a lesson without a test, a test without a lesson, and an old table', () => {
    write('a.test.ts', `it(${JSON.stringify(named(92, ': holds'))}, () => {})\n`)
    write('docs/reliability.md', page(['L91'], []))
    expect(findLessonViolations(top)).toEqual([
      'docs/reliability.md: no test names L91',
      'docs/reliability.md: L92 is named by a test and not listed',
      'docs/reliability.md: the table of tests is old: node tools/check-lessons.mjs --write',
    ])
  })
})
