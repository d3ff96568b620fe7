#!/usr/bin/env node
/**
 * Turns vitest's JSON report and the exit codes around it into the closing line of `.ci/run`, and fails if anything did.
 *
 * usage: summarize-results.mjs <report> <exit code of the tests> <exit codes of the checks...>
 */
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/**
 * @param {string} report what vitest's JSON reporter wrote; empty when it did not get that far
 * @param {number} testsExit
 * @param {number[]} checkExits
 * @returns {{ passed: number, failed: number }}
 */
export function countResults(report, testsExit, ...checkExits) {
  const { passed, failedTests, failedFiles } = countTests(report)
  const failed = failedTests + failedFiles + checkExits.filter((exit) => exit !== 0).length
  // A run that failed without a failed test (nothing found, an error outside of any test, a crash) is a failure all the same.
  const isUnexplained = testsExit !== 0 && failedTests + failedFiles === 0
  return { passed, failed: failed + (isUnexplained || passed === 0 ? 1 : 0) }
}

/**
 * The part of vitest's JSON report that counts.
 *
 * @typedef {object} VitestReport
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {{ status: string, assertionResults: unknown[] }[]} testResults
 */

/** @param {string} report */
function countTests(report) {
  try {
    /** @type {VitestReport} */
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(report)
    // A file that could not even be loaded holds no test that could fail.
    const brokenFiles = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
    return { passed: numPassedTests, failedTests: numFailedTests, failedFiles: brokenFiles.length }
  } catch {
    return { passed: 0, failedTests: 0, failedFiles: 0 }
  }
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [path = '', testsExit, ...checkExits] = process.argv.slice(2)
  const { passed, failed } = countResults(readIfThere(path), Number(testsExit), ...checkExits.map(Number))
  console.log(`${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}
