import { spawnSync } from 'node:child_process'
import { closeSync, cpSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BIN, runCli, runCliProcess } from '../test/support/run-cli.js'
import * as surface from './index.js'
import { createProgram } from './program.js'

const COMMANDS = [
  'inspect',
  'tail',
  'doctor',
  'verify',
  'check',
  'health',
  'prune',
  'readers',
  'export',
  'import',
  'schema',
  'replay',
  'bridge',
  'backup',
  'restore',
  'salvage',
  'diff',
  'stats',
  'bundle',
  'ready',
  'lease',
  'metrics',
  'trace',
  'ui',
  'completion',
  'bench',
  'monitor',
]

describe('chron-cli', () => {
  it('exports what it promises and nothing else', () => {
    expect(Object.keys(surface).sort()).toEqual(['main'])
  })

  it('has a manual', async () => {
    const { exitCode, stdout } = runCli(['--help'])
    expect(exitCode).toBe(0)
    await expect(stdout).toMatchFileSnapshot('../test/golden/help.txt')
  })

  it.each(COMMANDS)('has a manual with examples for %s', async (command) => {
    const { exitCode, stdout } = runCli([command, '--help'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`$ chron-cli ${command}`)
    await expect(stdout).toMatchFileSnapshot(`../test/golden/help-${command}.txt`)
  })

  it('has the same program for a command alone as for all of them, and all when help asks for them', async () => {
    const program = async (...args: string[]) => await createProgram('1.0.0', async () => undefined, args)
    const namesOf = ({ commands }: Awaited<ReturnType<typeof program>>) => commands.map((command) => command.name())
    const all = await program()
    expect(namesOf(all).sort()).toEqual([...COMMANDS].sort())
    for (const name of COMMANDS.filter((name) => name !== 'completion')) {
      const alone = await program('--log-level', 'warn', '--json', name, 'tail')
      expect(namesOf(alone)).toEqual([name])
      expect(alone.commands[0]?.helpInformation()).toBe(
        all.commands.find((command) => command.name() === name)?.helpInformation(),
      )
    }
    for (const args of [
      ['help', 'tail'],
      ['completion', 'bash'],
      ['--help', 'tail'],
      ['frobnicate', 'tail'],
      ['toString'],
      ['--json'],
      [],
    ])
      expect(namesOf(await program(...args)).length, args.join(' ')).toBe(COMMANDS.length)
    for (const option of ['--version', '-V']) expect(namesOf(await program(option))).toEqual([])
  })

  it('says its version', () => {
    expect(runCliProcess(['--version'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    })
  })

  it.each([
    [[], 'Usage:'],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['tail'], "missing required argument 'queue'"],
    [['inspect', '/', '--no-such-option'], "unknown option '--no-such-option'"],
    [['--log-level', 'loud', 'inspect', '/'], 'Allowed choices are'],
    [['inspect', '/does/not/exist', '--watch', '30d'], 'expected at most 24d'],
    [['monitor', '/does/not/exist', '--interval', '30d'], 'expected at most 24d'],
  ])('explains wrong usage of %j on standard error and exits with 1', (args, text) => {
    const { exitCode, stdout, stderr } = runCli(args)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toContain(text)
  })

  it.each([
    [['inspect', '/does/not/exist', '--json'], { command: 'inspect', code: 'ERR_NOT_FOUND', facts: { path: '/does/not/exist' } }],
    [
      ['export', '/proc', '--json'],
      { command: 'export', code: 'ERR_NOT_A_QUEUE', facts: { directory: '/proc', detail: expect.any(String) } },
    ],
    [['tail', '--json'], { command: 'tail', code: 'ERR_USAGE', facts: {} }],
    [['prune', '/proc', '--json'], { command: 'prune', code: 'ERR_USAGE', facts: {} }],
  ])('with --json answers an error as one object on standard output: %j', (args, expected) => {
    const { exitCode, stdout } = runCli(args)
    expect(JSON.parse(stdout)).toEqual({ schemaVersion: 1, exitCode: 1, message: expect.any(String), ...expected })
    expect(exitCode).toBe(1)
  })

  it('shows a stack trace with --debug only', () => {
    expect(runCli(['inspect', '/does/not/exist']).stderr).not.toContain('    at ')
    expect(runCli(['inspect', '/does/not/exist', '--debug']).stderr).toContain('    at ')
  })

  it('fails with 1 and one line when standard output is full', () => {
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [BIN, 'completion', 'bash'], {
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    })
    closeSync(full)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^[^\n]*ENOSPC[^\n]*\n$/)
  })

  it('says in one line that it is not built', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chronicle-bin-'))
    cpSync(BIN, join(folder, 'bin/chron-cli.js'))
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'bin/chron-cli.js'), 'inspect', '/'], {
      encoding: 'utf8',
    })
    rmSync(folder, { recursive: true })
    expect(status).toBe(1)
    expect(stderr).toMatch(/^chron-cli: error: not built, run npm run build[^\n]*\n$/)
  })

  it('is silent on standard error on request', () => {
    expect(runCliProcess(['inspect', '/does/not/exist', '--log-level', 'silent'])).toMatchObject({ exitCode: 1, stderr: '' })
  })
})
