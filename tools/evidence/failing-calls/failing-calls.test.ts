import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { stride } from '../effort/effort.mjs'
import { FAULTS, kindSet } from './fault.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

function failingCalls(args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/dist/evidence/failing-calls/main.js', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return { status, output: stdout + stderr }
}

/** A part of all calls and faults: docs/failing-calls.md says how all of them are gone through. */
function shortForm(every: number): string[] {
  return ['EIO', 'EIO of a sync', 'ENOSPC', 'EMFILE', 'short read', 'short write']
    .flatMap((fault) => ['--fault', fault])
    .concat('--stride', String(stride({ short: 5 * every, long: every })))
}

describe('when a system call fails', () => {
  it.each([
    ['open a new queue', 11],
    ['open after a kill', 11],
    ['append that rolls', 11],
    ['flushSync', 11],
    ['commit, durable', 11],
    ['close a writer', 11],
    ['retention', 11],
    ['prune', 73],
    // A repair verifies the queue several times over: many calls, of which most are alike.
    ['repair a zeroed segment header', 601],
    ['repair a damaged position', 421],
    ['markReady', 11],
    ['open a router', 59],
    ['export to a file', 11],
    ['import from a file', 59],
    ['bundle', 41],
    ['export schemas', 11],
    ['replay', 59],
    ['acknowledge', 59],
    ['back up', 59],
    ['restore', 59],
    ['salvage', 59],
    ['discover a queue', 23],
    ['discover a strategy', 23],
  ])('L46, L49, L54: what is reported is true and the queue goes on: %s', (operation, stride) => {
    const { status, output } = failingCalls(['--operation', operation, ...shortForm(stride)])
    expect(output).toMatch(/\n[1-9]\d* failing calls, 0 broke a promise\.\n/)
    expect(status).toBe(0)
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
