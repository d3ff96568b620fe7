import { spawnSync } from 'node:child_process'
import { openObserver, openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { BIN, runCli, runCliProcess } from '../../../test/support/run-cli.js'

let folder: QueueFolder
let source: string

beforeEach(() => {
  folder = new QueueFolder()
  source = folder.join('source')
  using writer = openWriter(source, { segmentSize: 65_536 })
  for (let index = 0; index < 100; index++) writer.append(1, Buffer.from(`message ${index}`))
})

afterEach(() => folder.remove())

function count(queue: string): number {
  using observer = openObserver(queue)
  return observer.poll(Number.POSITIVE_INFINITY, () => undefined)
}

it('carries a queue over a pipe, and reports one that broke', () => {
  const pushed = spawnSync(process.execPath, [BIN, 'bridge', 'push', source, '--to', '-'])
  expect([pushed.status, pushed.stdout.length > 10_000]).toEqual([0, true])
  const cut = runCliProcess(['bridge', 'pull', folder.join('cut'), '--from', '-', '--json'], {
    input: pushed.stdout.subarray(0, -1),
  })
  expect([cut.exitCode, JSON.parse(cut.stdout)]).toMatchObject([3, { action: 'pull', records: 0, broken: { reason: 'cut' } }])
  const whole = runCliProcess(['bridge', 'pull', folder.join('replica'), '--from', '-'], { input: pushed.stdout })
  expect([whole.exitCode, count(folder.join('replica'))]).toEqual([0, 100])
  const nothing = runCliProcess(['bridge', 'pull', source, '--from', '-'], { input: pushed.stdout })
  expect(nothing.exitCode).toBe(1)
})

it('says what is missing', () => {
  expect(runCli(['bridge', 'push', source]).stderr).toContain('needs --to')
  expect(runCli(['bridge', 'pull', folder.join('x'), '--from', 'nats://127.0.0.1:1']).stderr).toContain('--queue-id')
  expect(runCli(['bridge', 'promote', source, '--to', 'nats://127.0.0.1:1']).stderr).toContain('--yes')
  expect(runCli(['bridge', 'status', source, '--to', 'nats://127.0.0.1:1', '--json']).exitCode).toBe(1)
})
