import { describe, expect, it } from 'vitest'
import { countResults } from './summarize-results.mjs'

/** A report in the form of vitest's JSON reporter: one list of test statuses per file. */
function report(...files: string[][]): string {
  const statuses = files.flat()
  return JSON.stringify({
    numPassedTests: statuses.filter((status) => status === 'passed').length,
    numFailedTests: statuses.filter((status) => status === 'failed').length,
    testResults: files.map((tests) => ({
      status: tests.length === 0 || tests.includes('failed') ? 'failed' : 'passed',
      assertionResults: tests.map((status) => ({ status })),
    })),
  })
}

describe('countResults', () => {
  it('counts the tests that passed', () => {
    expect(countResults(report(['passed', 'passed'], ['passed']), 0, 0)).toEqual({ passed: 3, failed: 0 })
  })

  it('counts the tests that failed', () => {
    expect(countResults(report(['passed', 'failed'], ['failed']), 1, 0)).toEqual({ passed: 1, failed: 2 })
  })

  it('counts a file that could not be loaded as one failure', () => {
    expect(countResults(report(['passed'], []), 1, 0)).toEqual({ passed: 1, failed: 1 })
  })

  it('counts failed checks as one failure', () => {
    expect(countResults(report(['passed']), 0, 1)).toEqual({ passed: 1, failed: 1 })
  })

  it('counts a failed run in which no test failed as one failure', () => {
    expect(countResults(report(['passed']), 1, 0)).toEqual({ passed: 1, failed: 1 })
  })

  it.each(['', '{', '{}'])('counts a run that left %j for a report as one failure', (text) => {
    expect(countResults(text, 1, 0)).toEqual({ passed: 0, failed: 1 })
  })

  it('takes a run without a single test for a failure', () => {
    expect(countResults(report(), 0, 0)).toEqual({ passed: 0, failed: 1 })
  })
})
