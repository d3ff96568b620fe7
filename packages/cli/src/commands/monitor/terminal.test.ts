import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { BIN } from '../../../test/support/run-cli.js'

const PROGRAM = fileURLToPath(new URL('../../../test/programs/in-terminal.py', import.meta.url))
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'

type Step = readonly [waitFor: string, what: 'type' | 'signal' | 'resize', argument: unknown]

interface Shown {
  readonly exitCode: number | null
  readonly shown: string
  readonly restored: boolean
  readonly stepsLeft: number
}

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
  folder.copyGolden('rolled')
  folder.copyGolden('killed')
})
afterEach(() => folder.remove())

function monitorInTerminal(steps: readonly Step[]): Shown {
  const command = [process.execPath, BIN, 'monitor', folder.path, '--interval', '20ms']
  const { stdout, stderr } = spawnSync('python3', [PROGRAM, '80', '24', JSON.stringify(steps), ...command], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 58_000,
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Shown
}

describe('chron-cli monitor in a terminal', () => {
  it.each<[string, Step, number]>([
    ['q', ['killed', 'type', 'q'], 0],
    ['Ctrl-C', ['killed', 'type', '\u0003'], 0],
    ['SIGINT', ['killed', 'signal', constants.signals.SIGINT], 0],
    ['SIGTERM', ['killed', 'signal', constants.signals.SIGTERM], 0],
    ['SIGHUP', ['killed', 'signal', constants.signals.SIGHUP], 0],
  ])('gives the screen back as it was after %s', (_, step, code) => {
    const { exitCode, shown, restored, stepsLeft } = monitorInTerminal([step])
    expect({ exitCode, restored, stepsLeft }).toEqual({ exitCode: code, restored: true, stepsLeft: 0 })
    expect(shown.startsWith(ENTER)).toBe(true)
    expect(shown.endsWith(LEAVE)).toBe(true)
    expect(shown.split(LEAVE)).toHaveLength(2)
  })

  it('opens a queue, goes back, helps, filters, and follows the size of the terminal', () => {
    const { exitCode, shown, stepsLeft } = monitorInTerminal([
      ['killed', 'type', '\r'],
      ['records', 'type', '\u001b'],
      ['sort by state', 'type', '?'],
      ['Keys and columns', 'type', '?'],
      ['sort by state', 'type', '/roll\r'],
      ['filter "roll"', 'resize', [40, 12]],
      ['filter "roll"  q quit  ? help  s sort b…', 'type', 'q'],
    ])
    expect({ exitCode, stepsLeft }).toEqual({ exitCode: 0, stepsLeft: 0 })
    expect(shown.endsWith(LEAVE)).toBe(true)
  })

  it('leaves every byte and every time stamp as it was', () => {
    const before = fingerprint(folder.path)
    monitorInTerminal([
      ['killed', 'type', '\r'],
      ['records', 'type', 'q'],
    ])
    expect(fingerprint(folder.path)).toEqual(before)
  })
})
