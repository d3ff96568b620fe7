#!/usr/bin/env node
/**
 * Checks the language of what users read: every Markdown file and every help text uses the words of docs/glossary.md. The table "Words" there is the list; this program
 * only reads it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutFiles, runAsCheck } from './checkout-files.mjs'

const GLOSSARY = 'docs/glossary.md'

/**
 * @param {string} top the checkout
 * @returns {string[]} one line per violation, sorted
 */
export function findVoiceViolations(top) {
  const rules = readRules(readFileSync(join(top, GLOSSARY), 'utf8'))
  return checkoutFiles(top, /\.md$/)
    .filter((path) => path !== GLOSSARY)
    .flatMap((path) => checkText(path, readFileSync(join(top, path), 'utf8'), rules))
    .sort()
}

/**
 * The rows of the table "Words": a pattern in backticks, and what to write instead.
 *
 * @param {string} glossary
 */
export function readRules(glossary) {
  const [, table = ''] = glossary.split(/^## Words$/m)
  return [...table.matchAll(/^\| `(.+?)` \| (.+?) \|$/gm)].map(([, pattern = '', instead = '']) => ({
    pattern: new RegExp(pattern, 'i'),
    instead,
  }))
}

/**
 * @param {string} path
 * @param {string} text
 * @param {ReturnType<typeof readRules>} rules
 */
function checkText(path, text, rules) {
  return text.split('\n').flatMap((line, index) =>
    rules.flatMap(({ pattern, instead }) => {
      const found = pattern.exec(line.replace(/`[^`]*`/g, ''))
      return found ? [`${path}:${index + 1}: "${found[0]}"; write ${instead}`] : []
    }),
  )
}

runAsCheck(import.meta.url, findVoiceViolations)
