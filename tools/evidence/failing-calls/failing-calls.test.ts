import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { SEED, sample, stride } from '../effort/effort.mjs'
import { FAULTS, kindSet } from './fault.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

function failingCalls(args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/dist/evidence/failing-calls/main.js', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return { status, output: stdout + stderr }
}

/** Every so many calls of an operation fail: fewer where it makes many. */
const OPERATIONS: Readonly<Record<number, readonly string[]>> = {
  11: [
    'open a new queue',
    'open after a kill',
    'append that rolls',
    'flushSync',
    'commit, durable',
    'close a writer',
    'retention',
    'markReady',
    'export to a file',
    'export schemas',
  ],
  23: ['discover a queue', 'discover a strategy'],
  41: ['bundle'],
  59: ['open a router', 'import from a file', 'replay', 'acknowledge', 'back up', 'restore', 'salvage'],
  73: ['prune'],
  421: ['repair a damaged position'],
  // A repair verifies the queue several times over: many calls, of which most are alike.
  601: ['repair a zeroed segment header'],
}

/** A part of all calls and faults: docs/failing-calls.md says how all of them are gone through. */
function shortForm(every: number): string[] {
  return ['EIO', ...sample(['EIO of a sync', 'ENOSPC', 'EMFILE', 'short read', 'short write'], { short: 2 })]
    .flatMap((fault) => ['--fault', fault])
    .concat('--stride', String(stride({ short: 5 * every, long: every })))
}

describe('when a system call fails', () => {
  describe.each(Object.entries(OPERATIONS))('at one of %s calls', (every, operations) => {
    let run: ReturnType<typeof failingCalls>
    beforeAll(() => {
      const chosen = operations.flatMap((operation) => ['--operation', operation])
      run = failingCalls([...chosen, ...shortForm(Number(every))])
    })

    it.each(operations)(`L46, L49, L54: what is reported is true and the queue goes on: %s, seed ${SEED}`, (operation) => {
      const line = run.output.split('\n').find((text) => text.startsWith(operation.padEnd(36)))
      expect(line, run.output).toMatch(/ [1-9]\d* cases +\d+ reported +0 broken$/)
    })

    it('no case broke a promise', () => {
      expect(run.output).toMatch(/\n[1-9]\d* failing calls, 0 broke a promise\.\n/)
      expect(run.status).toBe(0)
    })
  })

  it('every fault is for some call, and the kinds of all are known', () => {
    for (const fault of FAULTS) expect(kindSet(fault)).toBeGreaterThan(0n)
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
  })

  it('a call that fails is seen: without a descriptor the open of a queue is refused', () => {
    const { status, output } = failingCalls(['--operation', 'open a new queue', '--fault', 'EMFILE', '--nth', '2', '--every'])
    expect(output).toContain('EMFILE once n=2')
    expect(output).toContain('openWriter: ERR_LIMIT')
    expect(status).toBe(0)
  })
})
