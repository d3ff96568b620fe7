import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ACKNOWLEDGED_FILE, acknowledgeProblems, readAcknowledged } from './acknowledged.js'
import type { QueueProblem } from './queue-problem.js'

const PROGRAM = fileURLToPath(new URL('../../test/programs/acknowledge-some.mjs', import.meta.url))
const PROCESSES = 4
const EACH = 25

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'acknowledged-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const problem = (offset: number): QueueProblem => ({
  code: 'SEQUENCE_GAP',
  severity: 'critical',
  message: 'for the test',
  offset,
})

const offsets = () =>
  readAcknowledged(directory)
    .map(({ offset = -1 }) => offset)
    .sort((a, b) => a - b)

describe('acknowledging problems', () => {
  it('keeps what several processes acknowledge at once', async () => {
    const children = Array.from({ length: PROCESSES }, (_, index) =>
      spawn(process.execPath, [PROGRAM, directory, String(index * EACH), String(EACH)], { stdio: 'inherit' }),
    )
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]))
    expect(codes).toEqual(children.map(() => 0))
    expect(offsets()).toEqual(Array.from({ length: PROCESSES * EACH }, (_, offset) => offset))
  })

  it('uses the draft again that a process left when it died', () => {
    writeFileSync(join(directory, `${ACKNOWLEDGED_FILE}.tmp`), 'a draft that is longer than what takes its place'.repeat(20))
    expect(acknowledgeProblems(directory, [problem(1)])).toBe(1)
    expect(acknowledgeProblems(directory, [problem(2)])).toBe(2)
    expect(offsets()).toEqual([1, 2])
  })

  it('leaves no file when all of it is withdrawn', () => {
    acknowledgeProblems(directory, [problem(1)])
    expect(acknowledgeProblems(directory, undefined)).toBe(0)
    expect([ACKNOWLEDGED_FILE, `${ACKNOWLEDGED_FILE}.tmp`].filter((name) => existsSync(join(directory, name)))).toEqual([])
  })
})
