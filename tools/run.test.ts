import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { missingPrerequisites } from './run/prerequisites.mjs'
import { root } from './run/root.mjs'

const LOCK_FILE = JSON.stringify({ packages: { '': {}, 'node_modules/one': { version: '1.0.0' } } })

/** Stands in for npm: installs the one package of the lock file, says that it ran, and fails on request. */
const NPM = `
import { appendFileSync, mkdirSync, copyFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
appendFileSync('calls.txt', 'npm ' + process.argv[2] + '\\n')
rmSync('node_modules/one', { recursive: true, force: true })
if (process.env.NPM_FAILS) process.exit(7)
mkdirSync('node_modules/one', { recursive: true })
writeFileSync('node_modules/one/package.json', '{ "version": "1.0.0" }')
copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
`

/** Stands in for nx: makes an output, says that it ran, and fails on request. */
const NX = `
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs')
appendFileSync('calls.txt', 'nx ' + process.argv[2] + '\\n')
if (process.env.NX_FAILS) { console.log('mapping.cc:3: expected ;'); process.exit(1) }
mkdirSync('packages/core/dist', { recursive: true })
writeFileSync('packages/core/dist/index.js', '')
`

let top: string

beforeEach(() => {
  // A blank in the path is part of every test.
  top = mkdtempSync(join(tmpdir(), 'run me '))
  cpSync(join(root, 'tools/run.mjs'), join(top, 'tools/run.mjs'))
  cpSync(join(root, 'tools/run'), join(top, 'tools/run'), { recursive: true })
  for (const path of ['package.json', 'nx.json', 'tsconfig.base.json', 'packages/core/package.json']) write(path, '{}')
  write('package-lock.json', LOCK_FILE)
  write('packages/core/src/index.ts', 'export {}\n')
  write('examples/package.json', '{}')
  write('npm/npm-cli.js', NPM)
  write('npm/package.json', '{ "type": "module" }')
  write('node_modules/nx/dist/bin/nx.js', NX)
})

afterEach(() => rmSync(top, { recursive: true, force: true }))

function write(path: string, content: string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true })
  writeFileSync(join(top, path), content)
}

/** What was started since the last look. */
function takeCalls(): string[] {
  const path = join(top, 'calls.txt')
  if (!existsSync(path)) return []
  const calls = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  rmSync(path)
  return calls
}

function start(env: Record<string, string>, task: string, cwd: string): ChildProcess {
  const options = { cwd, env: { ...process.env, npm_execpath: join(top, 'npm/npm-cli.js'), ...env } }
  return spawn(process.execPath, [join(top, 'tools/run.mjs'), task], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function run(env: Record<string, string> = {}, task = 'build', cwd = top): Promise<{ code: number; errors: string[] }> {
  const child = start(env, task, cwd)
  if (!child.stderr) throw new Error('no stderr')
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { code, errors: errors.split('\n').filter(Boolean) }
}

describe('missingPrerequisites', () => {
  const sound = { platform: 'linux', nodeVersion: '20.19.0', env: process.env }

  it('finds nothing missing on a machine that has everything', () => {
    expect(missingPrerequisites(sound)).toEqual([])
  })

  it.each(['18.20.8', '20.18.3', '12.0.0'])('names Node.js when it is %s', (nodeVersion) => {
    expect(missingPrerequisites({ ...sound, nodeVersion })).toEqual([expect.stringMatching(/Node\.js 20\.19 or newer/)])
  })

  it.each(['20.19.0', '20.20.2', '22.0.0', '26.1.0'])('is content with Node.js %s', (nodeVersion) => {
    expect(missingPrerequisites({ ...sound, nodeVersion })).toEqual([])
  })

  it('names Linux on another system', () => {
    expect(missingPrerequisites({ ...sound, platform: 'darwin' })).toEqual([expect.stringMatching(/Linux \(this is darwin\)/)])
  })

  it('takes a compiler with a wrapper and flags from CXX', () => {
    expect(missingPrerequisites({ ...sound, env: { ...process.env, CXX: 'c++ -m64' } })).toEqual([])
  })

  it('names CXX when it leads nowhere', () => {
    const env = { ...process.env, CXX: 'no-such-compiler' }
    expect(missingPrerequisites({ ...sound, env })).toEqual([expect.stringMatching(/CXX names no-such-compiler/)])
  })
})

describe('run.mjs', () => {
  it('names every missing prerequisite in one line each and starts nothing', async () => {
    const { code, errors } = await run({ PATH: join(top, 'empty'), npm_execpath: '', CXX: '' })
    expect(code).toBe(1)
    expect(errors).toEqual([
      expect.stringMatching(/^missing prerequisite: npm/),
      expect.stringMatching(/^missing prerequisite: a C\+\+ compiler/),
      expect.stringMatching(/^missing prerequisite: python3/),
    ])
    expect(takeCalls()).toEqual([])
  })

  it('installs and builds in a fresh clone, and does neither again', async () => {
    expect(await run()).toMatchObject({ code: 0 })
    expect(takeCalls()).toEqual(['npm ci', 'nx run-many'])
    expect(await run()).toEqual({ code: 0, errors: [] })
    expect(takeCalls()).toEqual([])
  })

  it('works from any folder of the checkout', async () => {
    expect(await run({}, 'build', join(top, 'packages/core/src'))).toMatchObject({ code: 0 })
    expect(takeCalls()).toEqual(['npm ci', 'nx run-many'])
  })

  it.each(['package-lock.json', 'packages/core/package.json'])('installs again when %s changed', async (path) => {
    await run()
    takeCalls()
    rmSync(join(top, 'node_modules/one'), { recursive: true })
    appendFileSync(join(top, path), '\n')
    expect(await run()).toMatchObject({ code: 0 })
    expect(takeCalls()).toContain('npm ci')
  })

  it('installs again after an installation that failed, and says why it failed', async () => {
    const { code, errors } = await run({ NPM_FAILS: '1' })
    expect({ code, last: errors.at(-1) }).toEqual({ code: 1, last: expect.stringMatching(/^npm ci failed \(exit code 7\)/) })
    takeCalls()
    expect(await run()).toMatchObject({ code: 0 })
    expect(takeCalls()).toEqual(['npm ci', 'nx run-many'])
  })

  it('accepts what a plain npm install left', async () => {
    write('node_modules/one/package.json', '{ "version": "1.0.0" }')
    write('node_modules/.package-lock.json', LOCK_FILE)
    expect(await run()).toMatchObject({ code: 0 })
    expect(takeCalls()).toEqual(['nx run-many'])
  })

  it('installs when a package is there in another version', async () => {
    write('node_modules/one/package.json', '{ "version": "0.9.0" }')
    write('node_modules/.package-lock.json', LOCK_FILE)
    expect(await run()).toMatchObject({ code: 0 })
    expect(takeCalls()).toContain('npm ci')
  })

  it.each([
    ['a source changed', () => write('packages/core/src/index.ts', 'export const a = 1\n')],
    ['an output was deleted', () => rmSync(join(top, 'packages/core/dist/index.js'))],
    ['a source file was added', () => write('packages/core/src/new.ts', '')],
  ])('builds again when %s', async (_, change) => {
    await run()
    takeCalls()
    change()
    expect(await run()).toMatchObject({ code: 0 })
    expect(takeCalls()).toEqual(['nx run-many'])
  })

  it('does not build again when only a test or a text changed', async () => {
    await run()
    takeCalls()
    write('packages/core/src/index.test.ts', '')
    write('packages/core/test/programs/child.mjs', '')
    write('packages/core/README.md', '')
    expect(await run()).toMatchObject({ code: 0 })
    expect(takeCalls()).toEqual([])
  })

  it('shows what the compiler said when the build fails, and builds again next time', async () => {
    const { code, errors } = await run({ NX_FAILS: '1' })
    expect(code).toBe(1)
    expect(errors).toContain('mapping.cc:3: expected ;')
    expect(errors.at(-1)).toMatch(/^build failed/)
    takeCalls()
    expect(await run()).toMatchObject({ code: 0 })
    expect(takeCalls()).toEqual(['nx run-many'])
  })

  it('prepares once when two commands start at the same time', async () => {
    const results = await Promise.all([run(), run(), run()])
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(takeCalls()).toEqual(['npm ci', 'nx run-many'])
  })

  it('takes over the lock of a command that was killed', async () => {
    const dead = spawn(process.execPath, ['-e', ''])
    await once(dead, 'close')
    write('.preparing', `${dead.pid}\n`)
    expect(await run()).toMatchObject({ code: 0 })
    expect(existsSync(join(top, '.preparing'))).toBe(false)
  })

  it('only reads a checkout that is up to date: it may belong to another user', async () => {
    await run()
    const folders = ['.', 'node_modules', 'packages/core', 'packages/core/dist']
    const before = folders.map((folder) => statSync(join(top, folder)).mtimeMs)
    expect(await run()).toEqual({ code: 0, errors: [] })
    expect(folders.map((folder) => statSync(join(top, folder)).mtimeMs)).toEqual(before)
  })

  it('lists its tasks when asked for another', async () => {
    const { code, errors } = await run({}, 'dance')
    expect(code).toBe(1)
    expect(errors.join()).toMatch(
      /tasks: build, demo, test, coverage, bench, bench:compare, torture, release, docs, fuzz, proof, check/,
    )
  })
})
