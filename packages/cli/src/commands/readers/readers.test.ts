import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli, runCliUnprivileged } from '../../../test/support/run-cli.js'

let folder: QueueFolder
let queue: string

beforeEach(() => {
  folder = new QueueFolder()
  queue = folder.join('queue')
  using writer = openWriter(queue, { segmentSize: 4096 })
  for (let index = 0; index < 100; index += 1)
    writer.append(1, Buffer.alloc(100), { timestampNs: 1_700_000_000_000_000_000n + BigInt(index) })
  for (const [name, count] of [
    ['slow', 10],
    ['fast', 90],
  ] as const) {
    using reader = openReader(queue, name)
    for (let index = 0; index < count; index += 1) reader.next()
    reader.commit({ durable: true })
  }
})
afterEach(() => folder.remove())

function nextOf(name: string): number | undefined {
  using reader = openReader(queue, name)
  return reader.next()?.sequence
}

describe('chron-cli readers', () => {
  it('does not say that no reader is registered when it may not list them', () => {
    const root = folder.join('root')
    for (const name of ['a', 'b']) {
      openWriter(join(root, name), { segmentSize: 4096 }).close()
      openReader(join(root, name), 'audit').close()
    }
    chmodSync(join(root, 'a', 'readers'), 0)
    const results = [
      ['list', join(root, 'a')],
      ['list', root],
      ['show', join(root, 'a'), 'audit'],
    ].map((args) => runCliUnprivileged(['readers', ...args]))
    chmodSync(join(root, 'a', 'readers'), 0o700)
    expect(results.map(({ exitCode }) => exitCode)).toEqual([3, 3, 1])
    for (const { stdout, stderr } of results) expect(stdout + stderr).toContain('cannot be listed')
    expect(results[1]?.stdout).toContain('audit')
  })

  it('lists them, worst first, and shows one', () => {
    const { stdout, exitCode } = runCli(['readers', 'list', queue])
    expect(exitCode).toBe(0)
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['READER', 'slow', 'fast', ''])
    const { reader } = JSON.parse(runCli(['readers', 'show', queue, 'slow', '--json']).stdout) as {
      reader: { lag: { messages: number } }
    }
    expect(reader.lag.messages).toBe(90)
  })

  it.each([
    ['earliest', 0],
    ['latest', undefined],
    ['sequence:42', 42],
    ['1700000000000000077', 77],
  ])('gives one another position: %s', (to, sequence) => {
    const before = fingerprint(queue)
    const dry = runCli(['readers', 'reset', queue, 'slow', '--to', to])
    expect({ exitCode: dry.exitCode, changed: dry.stdout.includes('Nothing was changed') }).toEqual({
      exitCode: 0,
      changed: true,
    })
    expect(fingerprint(queue)).toEqual(before)
    expect(runCli(['readers', 'reset', queue, 'slow', '--to', to, '--yes']).exitCode).toBe(0)
    expect(nextOf('slow')).toBe(sequence)
  })

  it('forgets one, with --yes only', () => {
    runCli(['readers', 'remove', queue, 'fast'])
    expect(existsSync(join(queue, 'readers/fast.meta'))).toBe(true)
    expect(runCli(['readers', 'remove', queue, 'fast', '--yes']).exitCode).toBe(0)
    expect(existsSync(join(queue, 'readers/fast.meta'))).toBe(false)
  })

  it('leaves a running one alone, and exits with 4', () => {
    using _running = openReader(queue, 'slow')
    for (const change of [['remove'], ['reset', '--to', 'latest']] as const) {
      const [action, ...more] = change
      expect(runCli(['readers', action, queue, 'slow', ...more, '--yes']).exitCode).toBe(4)
    }
  })

  it.each([
    ['show', [], 'needs the name'],
    ['reset', ['slow'], 'say where to'],
    ['reset', ['slow', '--to', 'tomorrow'], 'expected earliest, latest, sequence:<n>, or a time'],
    ['reset', ['slow', '--to', '10'], 'expected earliest, latest, sequence:<n>, or a time'],
    ['reset', ['slow', '--to', 'sequence:-1'], 'whole number'],
    ['reset', ['slow', '--to', 'sequence:101', '--yes'], 'is not there yet, the next message has 100'],
    ['remove', ['unknown'], 'no reader of the name unknown'],
    ['list', ['slow'], 'takes no reader'],
    ['list', ['--yes'], '--yes belongs to reset and remove'],
    ['show', ['slow', '--to', 'latest'], '--to belongs to reset'],
  ])('explains wrong usage: %s %j', (action, more, text) => {
    const { exitCode, stderr } = runCli(['readers', action, queue, ...more])
    expect({ exitCode, says: stderr.includes(text) }).toEqual({ exitCode: 1, says: true })
  })
})
