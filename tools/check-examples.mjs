#!/usr/bin/env node
/**
 * Compiles the examples in the documentation: every TypeScript block that begins with an import is a whole program, and must be one.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutFiles, runAsCheck } from './checkout-files.mjs'
import { root } from './run/root.mjs'

/**
 * @param {string} top the checkout
 * @returns {string[]} what the compiler says, by page and line
 */
export function findExampleViolations(top) {
  const examples = checkoutFiles(top, /\.md$/).flatMap((page) => findExamples(page, readFileSync(join(top, page), 'utf8')))
  if (examples.length === 0) return []
  // Inside the checkout, because that is where the packages are found.
  const folder = mkdtempSync(join(top, '.examples-'))
  try {
    examples.forEach(({ code }, index) => {
      writeFileSync(join(folder, `${index}.mts`), `${code}\n`)
    })
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings(top)))
    return compile(folder).map((line) => nameThePage(line, examples))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @typedef {{ page: string, line: number, code: string }} Example
 *
 * @param {string} page
 * @param {string} text
 * @returns {Example[]}
 */
function findExamples(page, text) {
  return [...text.matchAll(/^```ts\n(import\s[\s\S]*?)^```/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    code: match[1] ?? '',
  }))
}

/** @param {string} top */
function settings(top) {
  const { compilerOptions } = JSON.parse(readFileSync(join(top, 'tsconfig.check.json'), 'utf8'))
  const paths = Object.fromEntries(
    Object.entries(compilerOptions.paths).map(([name, files]) => [
      name,
      files.map((/** @type {string} */ file) => join(top, file)),
    ]),
  )
  // An example may leave a value to its reader.
  const options = { ...compilerOptions, paths, allowJs: false, checkJs: false, noUnusedLocals: false, noUnusedParameters: false }
  return { extends: join(top, 'tsconfig.base.json'), compilerOptions: options, include: ['*.mts'] }
}

/** @param {string} folder */
function compile(folder) {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const lines = stdout.split('\n').filter((line) => /\(\d+,\d+\): error/.test(line))
  return status !== 0 && lines.length === 0 ? [stdout.trim() || 'the compiler failed'] : lines
}

/**
 * @param {string} line
 * @param {Example[]} examples
 */
function nameThePage(line, examples) {
  return line.replace(/^.*?(\d+)\.mts\((\d+),\d+\): error /, (all, index, number) => {
    const example = examples[Number(index)]
    return example ? `${example.page}:${example.line + Number(number)}: ` : all
  })
}

runAsCheck(import.meta.url, findExampleViolations)
