#!/usr/bin/env node
/**
 * Checks that every lesson kept in docs/reliability.md has a test that names it, and that the table of those tests on the page is up to date. `--write` brings it up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutFiles, runAsCheck } from './checkout-files.mjs'
import { root } from './run/root.mjs'

const PAGE = 'docs/reliability.md'
const BEGIN = '<!-- tests of lessons: begin -->'
const END = '<!-- tests of lessons: end -->'

/**
 * @typedef {{ lesson: string, file: string, title: string }} NamedTest
 */

/**
 * Titles that begin with the lessons that they guard: `L2: ...`, or `L22, lost-control: ...`.
 *
 * @param {string} top the checkout
 * @returns {NamedTest[]} by lesson, then by file
 */
function findNamedTests(top) {
  return checkoutFiles(top, /\.test\.ts$/)
    .flatMap((file) => {
      const titles = readFileSync(join(top, file), 'utf8').matchAll(/(['"`])(L\d+\b[^\n]*?)\1,/g)
      return [...titles].flatMap(([, , title = '']) =>
        [...(title.split(':')[0] ?? '').matchAll(/\bL\d+\b/g)].map(([lesson]) => ({ lesson, file, title })),
      )
    })
    .sort((a, b) => numberOf(a.lesson) - numberOf(b.lesson) || a.file.localeCompare(b.file) || a.title.localeCompare(b.title))
}

/** @param {string} lesson */
function numberOf(lesson) {
  return Number(lesson.slice(1))
}

/**
 * Lessons that the page lists, in a table row each.
 *
 * @param {string} page
 */
function keptLessons(page) {
  const [listed = ''] = page.split(BEGIN)
  return [...listed.matchAll(/^\| (L\d+) \|/gm)].map(([, lesson = '']) => lesson)
}

/** @param {NamedTest[]} tests */
function tableOf(tests) {
  const rows = tests.map(({ lesson, file, title }) => `| ${lesson} | \`${file}\` | ${title.replaceAll('|', '\\|')} |`)
  return ['| lesson | file | test |', '|---|---|---|', ...rows].join('\n')
}

/** @param {string} page @param {NamedTest[]} tests */
function withTable(page, tests) {
  const [before = '', rest = ''] = page.split(BEGIN)
  const after = rest.split(END)[1] ?? '\n'
  return `${before}${BEGIN}\n\n${tableOf(tests)}\n\n${END}${after}`
}

/**
 * @param {string} top the checkout
 * @returns {string[]} one line per violation
 */
export function findLessonViolations(top) {
  const page = readFileSync(join(top, PAGE), 'utf8')
  const tests = findNamedTests(top)
  const kept = keptLessons(page)
  const named = new Set(tests.map(({ lesson }) => lesson))
  const violations = kept.filter((lesson) => !named.has(lesson)).map((lesson) => `${PAGE}: no test names ${lesson}`)
  for (const lesson of named) if (!kept.includes(lesson)) violations.push(`${PAGE}: ${lesson} is named by a test and not listed`)
  if (withTable(page, tests) !== page) violations.push(`${PAGE}: the table of tests is old: node tools/check-lessons.mjs --write`)
  return violations
}

if (process.argv.includes('--write')) {
  const path = join(root, PAGE)
  writeFileSync(path, withTable(readFileSync(path, 'utf8'), findNamedTests(root)))
}
runAsCheck(import.meta.url, findLessonViolations)
