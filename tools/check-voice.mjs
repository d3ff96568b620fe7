#!/usr/bin/env node
/**
 * Checks the language of this project: every Markdown file, and in all sources every comment and every text (help, error messages, titles of tests), uses the words of docs/glossary.md. The
 * table "Words" there is the list; this program only reads it. It also counts words: no sentence of a document or a comment has more than
 * {@link WORDS_MAX}. The numbers of lessons stand in one document only.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutFiles, runAsCheck } from './checkout-files.mjs'
import { commentsOf } from './comments.mjs'
import { sentencesOf } from './sentences.mjs'

const GLOSSARY = 'docs/glossary.md'
/** Where the numbers of lessons stand; other documents explain without them. */
const LESSONS = 'docs/reliability.md'
/** Words of a sentence at most, in documents and comments. */
const WORDS_MAX = 30
const SOURCE = /\.(tsx?|mts|mjs|cc|h|pml|sh|promela)$/
/** Sources whose comments have another form than those of C. */
const SCRIPT = /\.sh$/
/** Its test data are the words. */
const OWN_TEST = 'tools/check-voice.test.ts'
/** A list that another check writes, of test titles, which are checked where they stand. */
const GENERATED = /<!-- tests of lessons: begin -->.*?<!-- tests of lessons: end -->/s
/** A comment, or a string literal on one line. A comment comes first, so that a quote in it begins no literal. */
const COMMENT_OR_LITERAL = /\/\*.*?\*\/|(?:^|\s)\/\/[^\n]*|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`|"((?:[^"\\\n]|\\.)*)"/gs
/** A name that users may see, such as that of a step or of a state. */
const NAME_OF_WORDS = /^[a-z]+(?:-[a-z]+)+$/
/** The reports of what packages export. */
const PUBLIC_NAMES = /^docs\/api\/.*\.txt$/
/** Where a word ends in a name: `PascalCase`, `camelCase`, `CAPITALS_OF_WORDS`. */
const WORD_ENDS = /(?<=[a-z0-9])(?=[A-Z])|_/

/**
 * @param {string} top the checkout
 * @returns {string[]} one line per violation, sorted
 */
export function findVoiceViolations(top) {
  const rules = readRules(readFileSync(join(top, GLOSSARY), 'utf8'))
  const all = checkoutFiles(top, /\.md$/)
  const documents = all.filter((path) => path !== GLOSSARY)
  const names = checkoutFiles(top, /\.txt$/).filter((path) => PUBLIC_NAMES.test(path))
  const sources = checkoutFiles(top, SOURCE).filter((path) => path !== OWN_TEST)
  return [
    ...documents.flatMap((path) => checkLines(path, proseOf(readFileSync(join(top, path), 'utf8')), rules)),
    ...all.flatMap((path) => findLongSentences(path, readFileSync(join(top, path), 'utf8'))),
    ...all.filter((path) => path !== LESSONS).flatMap((path) => findLessonNumbers(path, readFileSync(join(top, path), 'utf8'))),
    ...sources.flatMap((path) => checkLines(path, textsOf(readFileSync(join(top, path), 'utf8')), rules)),
    ...sources
      .filter((path) => !SCRIPT.test(path))
      .flatMap((path) => findLongSentences(path, commentsOf(readFileSync(join(top, path), 'utf8')))),
    ...names.flatMap((path) => checkLines(path, wordsOfNames(readFileSync(join(top, path), 'utf8')), rules)),
  ].sort()
}

/**
 * A report with its names taken apart into words, with the same lines.
 *
 * @param {string} report
 */
function wordsOfNames(report) {
  return report.replace(/[A-Za-z]\w*/g, (name) => name.split(WORD_ENDS).join(' '))
}

/**
 * The rows of the table "Words": a pattern in backticks, and what to write instead. A table writes the bar of an alternative as `\|`.
 *
 * @param {string} glossary
 */
export function readRules(glossary) {
  const [, table = ''] = glossary.split(/^## Words$/m)
  return [...table.matchAll(/^\| `(.+?)` \| (.+?) \|$/gm)].map(([, pattern = '', instead = '']) => ({
    pattern: new RegExp(pattern.replaceAll('\\|', '|'), 'i'),
    instead,
  }))
}

/**
 * @param {string} path
 * @param {string} document
 */
function findLessonNumbers(path, document) {
  return proseOf(document)
    .split('\n')
    .flatMap((line, index) => {
      const found = /\bL\d{1,2}\b/.exec(line)
      return found ? [`${path}:${index + 1}: "${found[0]}"; lessons have their numbers in ${LESSONS} only`] : []
    })
}

/**
 * @param {string} path
 * @param {string} document
 */
function findLongSentences(path, document) {
  return sentencesOf(document)
    .filter(({ words }) => words > WORDS_MAX)
    .map(
      ({ line, words, text }) =>
        `${path}:${line}: a sentence of ${words} words, more than ${WORDS_MAX}: "${text.slice(0, 60)}..."`,
    )
}

/**
 * A document without code in backticks and without generated lists, with the same lines.
 *
 * @param {string} document
 */
function proseOf(document) {
  return document.replace(GENERATED, (list) => list.replace(/[^\n]/g, '')).replace(/`[^`\n]*`/g, '')
}

/**
 * The comments and string literals of a source, with the same lines. A literal of one word is a name and not a text; one of several words with hyphens is a name that users may see.
 *
 * @param {string} source
 */
function textsOf(source) {
  let end = 0
  let texts = ''
  for (const match of source.matchAll(COMMENT_OR_LITERAL)) {
    const literal = match[1] ?? match[2] ?? match[3]
    const text = literal === undefined ? match[0].replace(/`[^`\n]*`/g, '') : literal.replace(/\$\{[^}]*\}/g, '')
    const words = literal !== undefined && NAME_OF_WORDS.test(literal) ? literal.replaceAll('-', ' ') : text
    texts += newlinesOf(source.slice(end, match.index)) + (words.includes(' ') ? ` ${words} ` : newlinesOf(match[0]))
    end = match.index + match[0].length
  }
  return texts
}

/** @param {string} text */
function newlinesOf(text) {
  return text.replace(/[^\n]/g, '')
}

/**
 * @param {string} path
 * @param {string} text
 * @param {ReturnType<typeof readRules>} rules
 */
function checkLines(path, text, rules) {
  return text.split('\n').flatMap((line, index) =>
    rules.flatMap(({ pattern, instead }) => {
      const found = pattern.exec(line)
      return found ? [`${path}:${index + 1}: "${found[0]}"; write ${instead}`] : []
    }),
  )
}

runAsCheck(import.meta.url, findVoiceViolations)
