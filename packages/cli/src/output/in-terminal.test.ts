import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { openWriter } from '@chronicle-ts/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { QueueFolder } from '../../test/support/queue-folder.js'
import { BIN } from '../../test/support/run-cli.js'

const PROGRAM = fileURLToPath(new URL('../../test/programs/in-terminal.py', import.meta.url))
const COMMANDS = fileURLToPath(new URL('../../test/programs/commands-in-terminal.mjs', import.meta.url))
const MARK = 'the end of a command'
const ESCAPE = '\u001b'
/** A name and a payload that set the terminal's title, by C0 and by C1, and turn text around. */
const HOSTILE = `x${ESCAPE}]0;owned\u0007\u009d0;owned\u009c\u202e\u061c`

let folder: QueueFolder
let queue: string

beforeAll(() => {
  folder = new QueueFolder()
  queue = folder.join(HOSTILE)
  for (const name of [queue, folder.join('other')]) {
    using writer = openWriter(name, { segmentSize: 4096 })
    writer.append(1, Buffer.from(HOSTILE))
  }
})
afterAll(() => folder.remove())

function shownInTerminal(args: readonly string[], [columns, rows]: readonly [number, number] = [80, 24]): string {
  return shownBy([BIN, ...args], columns, rows)
}

function shownBy(program: readonly string[], columns: number, rows: number): string {
  const command = [String(columns), String(rows), '[]', process.execPath, ...program]
  const { stdout, stderr } = spawnSync('python3', [PROGRAM, ...command], { encoding: 'utf8', timeout: 58_000 })
  expect(stderr).toBe('')
  return (JSON.parse(stdout) as { shown: string }).shown
}

describe('a terminal', () => {
  const READING = [
    ['tail', 'QUEUE', 'OTHER'],
    ['tail', 'QUEUE', '--format', 'utf8'],
    ['tail', 'QUEUE', 'OTHER', '--json'],
    ['inspect', 'QUEUE'],
    ['inspect', 'QUEUE', '--json'],
    ['doctor', 'QUEUE'],
    ['doctor', 'QUEUE', '--json'],
    ['verify', 'QUEUE'],
    ['verify', 'QUEUE', '--to', 'QUEUE'],
    ['metrics', 'QUEUE'],
    ['export', 'QUEUE'],
    ['export', 'QUEUE', '--format', 'csv'],
    ['prune', 'QUEUE', '--consumed'],
    ['lease', 'QUEUE'],
  ]
  let parts: string[]
  beforeAll(() => {
    const named = READING.map((args) =>
      args.map((arg) => (arg === 'QUEUE' ? queue : arg === 'OTHER' ? folder.join('other') : arg)),
    )
    parts = shownBy([COMMANDS, MARK, JSON.stringify(named)], 80, 24).split(MARK)
  })

  it.each(READING.map((args, index) => [args, index] as const))('obeys no name and no payload: %j', (_, index) => {
    expect(parts).toHaveLength(READING.length + 1)
    const shown = parts[index]
    expect(shown).toContain('owned')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about.
    expect(shown).not.toMatch(/\u001b\]|[\u0007\u0080-\u009f\u202e\u061c]/)
  })

  it('that does not know its size has 80 columns', () => {
    expect(shownInTerminal(['inspect', '--help'], [0, 0])).toContain('such as')
    expect(shownInTerminal(['inspect', folder.join('other')], [0, 0])).toMatch(/time {6}\S+ to \S+\r\n/)
  })
})
