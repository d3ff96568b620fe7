import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readIdentity } from '@chronicle-ts/bridge'
import { openObserver, openWriter } from '@chronicle-ts/core'
import { f64, message } from '@chronicle-ts/schema'
import { findNatsServer, NatsServer } from '@chronicle-ts/testing'
import { openTypedWriter } from '@chronicle-ts/typed'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
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
  // In the frame, and at the end of the transfer, where every record has arrived and nothing says so.
  for (const [missing, records] of [
    [50, 0],
    [1, 100],
  ] as const) {
    const input = pushed.stdout.subarray(0, -missing)
    const cut = runCliProcess(['bridge', 'pull', folder.join(`cut-${missing}`), '--from', '-', '--json'], { input })
    expect([cut.exitCode, JSON.parse(cut.stdout)]).toMatchObject([3, { action: 'pull', records, broken: { reason: 'cut' } }])
  }
  const whole = runCliProcess(['bridge', 'pull', folder.join('replica'), '--from', '-'], { input: pushed.stdout })
  expect([whole.exitCode, count(folder.join('replica'))]).toEqual([0, 100])
  const nothing = runCliProcess(['bridge', 'pull', source, '--from', '-'], { input: pushed.stdout })
  expect(nothing.exitCode).toBe(1)
})

/** The bid of each message of the type, as the queue's own registry decodes it. */
function bidsIn(queue: string): unknown[] {
  const { stdout, exitCode } = runCli(['export', queue, '--fields'])
  expect(exitCode).toBe(0)
  return stdout
    .trimEnd()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { fields?: { bid: number } }).fields?.bid ?? [])
}

const Quote = message('Quote', 5, { bid: f64() })

function quote(queue: string, bid: number): void {
  using writer = openTypedWriter(queue, [Quote])
  writer.append(Quote, { bid })
}

it('brings the types along over a pipe, so that the replica is decoded by its own registry', () => {
  quote(source, 1.5)
  const push = () => spawnSync(process.execPath, [BIN, 'bridge', 'push', source, '--to', '-']).stdout
  const replica = folder.join('replica')
  expect(runCliProcess(['bridge', 'pull', replica, '--from', '-'], { input: push() }).exitCode).toBe(0)
  expect(bidsIn(replica)).toEqual([1.5])
  rmSync(join(replica, 'schemas'), { recursive: true })
  writeFileSync(join(replica, 'schemas'), 'not a folder')
  quote(source, 2.5)
  const partly = runCliProcess(['bridge', 'pull', replica, '--from', '-'], { input: push() })
  expect([partly.exitCode, partly.stderr.includes('schema registry'), count(replica)]).toEqual([3, true, 102])
  rmSync(join(replica, 'schemas'))
  expect(runCliProcess(['bridge', 'pull', replica, '--from', '-'], { input: push() }).exitCode).toBe(0)
  expect(bidsIn(replica)).toEqual([1.5, 2.5])
})

const NO_SERVER = findNatsServer() === undefined ? ' (skipped: nats-server is not installed)' : ''

it.skipIf(NO_SERVER !== '')(`carries a queue over a server, and shows where both ends are${NO_SERVER}`, async () => {
  const settings = 'authorization { user: "bridge", password: "secret" }'
  const server = await NatsServer.start({ folder: folder.join('nats'), settings })
  onTestFinished(() => server.kill())
  const password = folder.join('password')
  writeFileSync(password, 'secret\n')
  const login = ['--user', 'bridge', '--password-file', password]
  const bridge = (...args: readonly string[]) => runCliProcess(['bridge', ...args, ...login, '--json'])
  const replica = folder.join('replica')
  const queueId = readIdentity(source)?.queueId ?? ''
  quote(source, 1.5)
  expect(bridge('push', source, '--to', server.url, '--once').exitCode).toBe(0)
  expect(bridge('pull', replica, '--from', server.url, '--queue-id', queueId, '--name', 'b', '--once').exitCode).toBe(0)
  expect([count(replica), bidsIn(replica)]).toEqual([101, [1.5]])
  const status = bridge('status', source, '--to', server.url)
  expect([status.exitCode, JSON.parse(status.stdout)]).toMatchObject([
    0,
    {
      role: 'source',
      lag: { messages: 0, bytes: 0, seconds: 0 },
      sinks: [{ name: 'b', durableSequence: 101, lag: { messages: 0 } }],
    },
  ])
  const { stdout } = runCli(['metrics', folder.path])
  for (const name of ['messages', 'bytes', 'seconds']) {
    expect(stdout).toMatch(new RegExp(`^chronicle_bridge_lag_${name}\\{queue="source",end="push",name="bridge",[^}]+\\} 0$`, 'm'))
    expect(stdout).toMatch(new RegExp(`^chronicle_bridge_lag_${name}\\{queue="replica",end="pull",name="b",[^}]+\\} 0$`, 'm'))
  }
  // The promoted replica goes on with the types that it got, and sends them to the next one.
  expect(bridge('promote', replica, '--to', server.url, '--name', 'b', '--yes').exitCode).toBe(0)
  quote(replica, 2.5)
  expect(bridge('push', replica, '--to', server.url, '--once').exitCode).toBe(0)
  const third = folder.join('third')
  expect(bridge('pull', third, '--from', server.url, '--queue-id', queueId, '--name', 'c', '--once').exitCode).toBe(0)
  expect([count(third), bidsIn(third)]).toEqual([102, [1.5, 2.5]])
  writeFileSync(password, 'wrong')
  const refused = bridge('status', source, '--to', server.url)
  expect([refused.exitCode, JSON.parse(refused.stdout)]).toMatchObject([1, { code: 'ERR_SERVER_REFUSED' }])
})

it('says what is missing', () => {
  expect(runCli(['bridge', 'push', source]).stderr).toContain('needs --to')
  expect(runCli(['bridge', 'pull', folder.join('x'), '--from', 'nats://127.0.0.1:1']).stderr).toContain('--queue-id')
  expect(runCli(['bridge', 'promote', source, '--to', 'nats://127.0.0.1:1']).stderr).toContain('--yes')
  expect(runCli(['bridge', 'status', source, '--to', 'nats://127.0.0.1:1', '--json']).exitCode).toBe(1)
})
