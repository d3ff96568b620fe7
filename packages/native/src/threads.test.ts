import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../test/temporary-files.js'

const folder = temporaryFolder()

function run(name: string): unknown {
  const program = fileURLToPath(new URL(`../test/programs/${name}.mjs`, import.meta.url))
  return JSON.parse(execFileSync(process.execPath, [program, folder], { encoding: 'utf8', timeout: 40_000 }))
}

describe('worker threads', () => {
  it('load the addon, and are terminated while they park, wait and have jobs, without leaving anything', () => {
    expect(run('worker-churn')).toEqual({ rounds: 24, mappingsLeft: 0, addonThreadsLeft: 0, stillWorks: 0 })
  })

  it('may be the only ones that load it', () => {
    expect(run('worker-only')).toEqual({ rounds: 6 })
  })
})

describe('the end of a process', () => {
  it('comes while jobs and parks are under way', () => {
    expect(run('exit-with-work')).toEqual({ exits: 'ok' })
  })

  it('waits for what is parked, and for nothing else', () => {
    expect(run('event-loop-ends')).toEqual({ parked: 1 })
  })
})

describe('a callback that throws', () => {
  it('is an uncaught exception, like any other', () => {
    expect(run('throwing-callback')).toEqual({ caught: 'from the callback', afterwards: 1 })
  })
})

describe('one build', () => {
  it('serves this version of Node', () => {
    expect(run('smoke')).toMatchObject({ ok: true, node: process.version })
  })
})
