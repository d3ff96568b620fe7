import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { openReader } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProgram } from '../../src/program.js'
import { buildQueue, textPayloads } from '../support/build-queue.js'
import { fingerprint, QueueFolder } from '../support/queue-folder.js'
import { runCli } from '../support/run-cli.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

/** Every command with a queue or a directory that does not exist, asked to change all that it can. NOPE is the mistyped path, ROOT the folder that must stay as it is. */
const LINES: readonly string[] = [
  'inspect NOPE',
  'tail NOPE',
  'tail NOPE -f',
  'doctor NOPE',
  'doctor NOPE --repair --yes',
  'doctor NOPE --acknowledge --yes',
  'verify NOPE',
  'check NOPE',
  'health NOPE',
  'monitor NOPE',
  'readers list NOPE',
  'readers show NOPE audit',
  'readers reset NOPE audit --to earliest --yes',
  'readers remove NOPE audit --yes',
  'prune NOPE --consumed --yes',
  'export NOPE',
  'export NOPE -o ROOT/old',
  'export NOPE --format csv -o ROOT/new',
  'import NOPE/queue ROOT/messages --yes',
  'import ROOT/queue NOPE --yes',
  'import ROOT/fresh NOPE --yes',
  'schema list NOPE',
  'schema export NOPE',
  'schema diff ROOT/queue NOPE',
  'replay NOPE --to ROOT/queue --yes',
  'replay NOPE --to ROOT/fresh --yes',
  'replay ROOT/queue --to NOPE/fresh --yes',
  'bridge push NOPE --to -',
  'backup NOPE ROOT/copy',
  'backup ROOT/queue NOPE/copy',
  'restore NOPE ROOT/copy',
  'salvage NOPE ROOT/copy',
  'salvage ROOT/queue NOPE/copy',
  'diff NOPE ROOT/queue',
  'diff ROOT/queue NOPE',
  'stats NOPE',
  'bundle NOPE -o ROOT/new',
  'bundle NOPE -o ROOT/old',
  'ready NOPE',
  'ready NOPE --set --yes',
  'ready NOPE --remove --yes',
  'lease NOPE',
  'lease NOPE --remove --yes',
  'metrics NOPE',
  'metrics NOPE --listen 127.0.0.1:0',
  `trace ${TRACE} NOPE`,
  `trace ${TRACE} NOPE --otlp ROOT/new`,
  'ui NOPE --listen 127.0.0.1:0',
  'bench -d NOPE/bench/deep --seconds 0.1',
]

/** Takes no path that can be mistyped. */
const WITHOUT_PATH = ['completion']

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
  buildQueue(folder.join('queue'), { payloads: textPayloads(5) })
  openReader(folder.join('queue'), 'audit').close()
  writeFileSync(folder.join('old'), 'an earlier export')
  writeFileSync(folder.join('messages'), '{"typeId":1,"text":"one"}\n')
  mkdirSync(folder.join('empty'))
})
afterEach(() => folder.remove())

describe('a mistyped queue', () => {
  it.each(LINES)('creates, changes and removes nothing, and is one line or one object: %s', (line) => {
    const before = fingerprint(folder.path)
    for (const json of [false, true]) {
      const words = line.split(' ').map((word) => word.replace('NOPE', folder.join('nope')).replace('ROOT', folder.path))
      const { exitCode, stdout, stderr } = runCli([...words, ...(json ? ['--json'] : [])])
      expect(fingerprint(folder.path)).toEqual(before)
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/./) })
      if (json) expect(JSON.parse(stdout)).toMatchObject({ command: words[0], exitCode: 1, code: expect.stringMatching(/^ERR_/) })
      else expect(stdout).toBe('')
    }
  })

  it.each(LINES)('is explained in words when its path leads through a file, or in a circle: %s', (line) => {
    symlinkSync('circle', folder.join('circle'))
    for (const path of ['old/nope', 'circle']) {
      const words = line.split(' ').map((word) => word.replace('NOPE', folder.join(path)).replace('ROOT', folder.path))
      const { exitCode, stdout, stderr } = runCli(words)
      expect([path, exitCode, stdout]).toEqual([path, 1, ''])
      expect(stderr).not.toMatch(/"E[A-Z]+: /)
    }
  })

  it('is tried with every command', async () => {
    const names = (await createProgram('1.0.0', async () => undefined)).commands.map((command) => command.name())
    const tried = new Set(LINES.map((line) => line.split(' ')[0]))
    expect(names.filter((name) => !tried.has(name))).toEqual(WITHOUT_PATH)
  })
})
