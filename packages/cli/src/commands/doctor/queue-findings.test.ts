import { inspectQueue, isRepairable, PROBLEMS, type ProblemCode, type QueueProblem } from '@chronicle-ts/inspect'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { queueFindings } from './queue-findings.js'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

describe('a finding', () => {
  it.each(Object.keys(PROBLEMS) as ProblemCode[])('names a repair, or says why it is left: %s', (code) => {
    const problem: QueueProblem = { code, severity: 'warning', message: '' }
    const [finding] = queueFindings(inspectQueue(folder.copyGolden('rolled')), [problem])
    expect(finding?.code).toBe(code)
    if (isRepairable(code)) expect(finding?.command).toContain('--repair')
    else expect(finding?.explanation).toBeTruthy()
  })
})
