import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './run/root.mjs'

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'build', 'coverage', '.git', '.nx'])

/**
 * Files below a folder of the checkout whose names match, without what was installed or built.
 *
 * @param {string} top
 * @param {RegExp} pattern
 * @param {string} [folder] below `top`; empty for all of it
 * @returns {string[]} paths below `top`, with forward slashes
 */
export function checkoutFiles(top, pattern, folder = '') {
  return readdirSync(join(top, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : checkoutFiles(top, pattern, path)
    return entry.isFile() && pattern.test(entry.name) ? [path] : []
  })
}

/**
 * The program half of a check: when the module was started from the command line, prints one line per violation and fails if there are any.
 *
 * @param {string} moduleUrl `import.meta.url` of the check
 * @param {(top: string) => string[]} findViolations
 */
export function runAsCheck(moduleUrl, findViolations) {
  if (moduleUrl !== pathToFileURL(process.argv[1] ?? '').href) return
  const violations = findViolations(root)
  for (const violation of violations) console.error(violation)
  if (violations.length > 0) process.exitCode = 1
}
