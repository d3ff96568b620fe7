import { spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint, QueueFolder } from '../test/support/queue-folder.js'
import { readMessages } from './commands/import/read-messages.js'
import { createProgram } from './program.js'

const PROGRAM = fileURLToPath(new URL('../test/programs/interrupt-first.mjs', import.meta.url))

let folder: QueueFolder
let queue: string

beforeEach(() => {
  folder = new QueueFolder()
  queue = folder.copyGolden('rolled')
})
afterEach(() => folder.remove())

/** One run of each command at least, as it would do the most. */
function commands(): string[][] {
  const input = folder.join('input.ndjson')
  for (const name of [input, folder.join('more.ndjson')]) writeFileSync(name, '{"typeId":1,"payload":"aGk="}\n')
  cpSync(queue, folder.join('copy'), { recursive: true })
  return [
    ['inspect', queue],
    ['tail', queue, '-n', '3'],
    ['tail', queue, '--grep', 'x'],
    ['doctor', queue],
    ['doctor', queue, '--repair', '--yes'],
    ['doctor', queue, '--acknowledge', '--yes'],
    ['verify', queue],
    ['check', queue],
    ['health', queue],
    ['bench', '--messages', '1000'],
    ['readers', 'list', queue],
    ['readers', 'show', queue, 'router'],
    ['readers', 'reset', queue, 'router', '--to', 'latest', '--yes'],
    ['readers', 'remove', queue, 'router', '--yes'],
    ['prune', queue, '--max-segments', '1', '--yes'],
    ['export', queue],
    ['export', queue, '--output', folder.join('output.ndjson')],
    ['import', folder.join('new'), input, folder.join('more.ndjson'), '--yes'],
    ['schema', 'list', queue],
    ['replay', queue, '--to', folder.join('replayed'), '--yes'],
    ['bridge', 'push', queue, '--to', '-'],
    ['backup', queue, folder.join('backup')],
    ['restore', folder.join('copy'), folder.join('restored')],
    ['salvage', queue, folder.join('salvaged')],
    ['diff', queue, folder.join('copy')],
    ['stats', queue],
    ['bundle', queue, '--output', folder.join('bundle.json')],
    ['ready', queue, '--set', '--yes'],
    ['lease', queue],
    ['metrics', queue],
    ['trace', '0123456789abcdef0123456789abcdef', queue],
    ['completion', 'bash'],
  ]
}

/** Commands that Ctrl-C ends well, at any time. */
function endless(): string[][] {
  return [
    ['inspect', queue, '--watch'],
    ['tail', queue, '--follow'],
    ['monitor', queue, '--json'],
    ['metrics', queue, '--listen', '127.0.0.1:0'],
    ['ui', queue, '--listen', '127.0.0.1:0'],
  ]
}

function run(all: readonly (readonly string[])[]): { exitCode: number; stdout: string }[] {
  const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM], {
    input: JSON.stringify(all),
    encoding: 'utf8',
    timeout: 120_000,
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe('a SIGINT that comes before the work of a command begins', () => {
  it('ends every command before it writes anything, with 130', () => {
    const all = commands()
    const before = fingerprint(folder.path)
    const outcomes = run(all).map((outcome, index) => ({ command: all[index]?.join(' '), ...outcome }))
    expect(outcomes).toEqual(all.map((args) => ({ command: args.join(' '), exitCode: 130, stdout: '' })))
    expect(fingerprint(folder.path)).toEqual(before)
  })

  it('is a clean end of commands that end with Ctrl-C', () => {
    const all = endless()
    expect(run(all).map(({ exitCode }) => exitCode)).toEqual(all.map(() => 0))
  })

  it('is tried with every command there is', async () => {
    const { commands: known } = await createProgram('0', async () => undefined)
    const tried = new Set([...commands(), ...endless()].map(([name]) => name))
    expect(known.map((command) => command.name()).filter((name) => !tried.has(name))).toEqual([])
  })
})

describe('reading the messages of an import', () => {
  it('ends at once when the signal came in the input before, also where nothing ever comes', async () => {
    const silent = new Readable({ read: () => undefined })
    const messages = readMessages(silent, 'ndjson', AbortSignal.abort())
    expect(await messages.next()).toEqual({ value: undefined, done: true })
    const full = Readable.from(['{"typeId":1,"payload":"aGk="}\n'])
    expect(await readMessages(full, 'ndjson', AbortSignal.abort()).next()).toEqual({ value: undefined, done: true })
  })
})
