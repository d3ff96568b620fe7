import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { buildOnce, type Program } from './build-programs.js'

let parent: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'compare-build-'))
  writeFileSync(join(parent, 'source'), 'one')
})

afterEach(() => rmSync(parent, { recursive: true, force: true }))

/** Its one step notes that it ran. */
function program(step: string, tools: readonly string[] = []): Program {
  return {
    name: 'program',
    sources: [join(parent, 'source')],
    tools,
    steps: (folder) => [[process.execPath, '-e', step, join(folder, 'log')]],
    command: (folder) => ({ file: join(folder, 'run'), args: [] }),
  }
}

const NOTE = 'require("node:fs").appendFileSync(process.argv[1], "built ")'
const log = () => readFileSync(join(parent, 'program/log'), 'utf8')

it('builds once for each state of the sources', () => {
  const built = { command: { file: join(parent, 'program/run'), args: [] } }
  expect(buildOnce(program(NOTE), parent)).toEqual(built)
  expect(buildOnce(program(NOTE), parent)).toEqual(built)
  expect(log()).toBe('built ')
  writeFileSync(join(parent, 'source'), 'two')
  expect(buildOnce(program(NOTE), parent)).toEqual(built)
  expect(log()).toBe('built built ')
})

it('says which tool is missing, and builds nothing', () => {
  expect(buildOnce(program(NOTE, ['no-such-tool']), parent)).toEqual({ missing: 'no-such-tool is not installed' })
  expect(log).toThrow('ENOENT')
})

it('tries a build that failed again', () => {
  const failed = { missing: `${process.execPath} could not build the program` }
  expect(buildOnce(program('process.exit(1)'), parent)).toEqual(failed)
  expect(buildOnce(program(NOTE), parent)).toHaveProperty('command')
  writeFileSync(join(parent, 'source'), 'two')
  expect(buildOnce(program('process.exit(1)'), parent)).toEqual(failed)
  writeFileSync(join(parent, 'source'), 'one')
  // What the failed build left is not what these sources make.
  expect(buildOnce(program(NOTE), parent)).toHaveProperty('command')
  expect(log()).toBe('built built ')
})
