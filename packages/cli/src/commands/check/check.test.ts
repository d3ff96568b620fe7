import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli, runCliProcess } from '../../../test/support/run-cli.js'
import {
  parseCountThreshold,
  parseDiskThreshold,
  parseReaderThreshold,
  parseSecondsThreshold,
  thresholdsFor,
} from './check-thresholds.js'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

describe('chron-cli check and health', () => {
  it('exit with the state, in every format, by options and by the file of the queue', () => {
    const queue = folder.join('bus/queue')
    using writer = openWriter(queue, { segmentSize: 4096 })
    openReader(queue, 'audit', { start: 'earliest' }).close()
    writer.append(1, Buffer.from('hello'))
    const dead = runCli(['check', folder.join('bus')])
    expect(dead).toMatchObject({
      exitCode: 3,
      stdout: 'warning  1 queue, 1 not ok\n  queue  reader audit dead: 1 message behind\n',
    })
    expect(runCli(['health', queue])).toMatchObject({
      exitCode: 3,
      stdout: 'dead  queue: reader audit dead: 1 message behind\n',
    })
    expect(runCli(['health', queue, '--fail-on', 'critical']).exitCode).toBe(0)
    expect(runCli(['check', queue, '--optional-reader', 'audit'])).toMatchObject({ exitCode: 0, stdout: 'ok  1 queue\n' })
    writeFileSync(join(queue, 'thresholds.json'), '{"readers":{"audit":{"optional":true}}}')
    expect(runCli(['health', queue])).toMatchObject({ exitCode: 0, stdout: 'ok\n' })
    const strict = ['--durable-behind', ':0', '--format']
    expect(runCli(['check', queue, ...strict, 'json'])).toMatchObject({ exitCode: 2 })
    const nagios = runCli(['check', queue, ...strict, 'nagios', '--nagios-codes'])
    expect(nagios.exitCode).toBe(2)
    expect(nagios.stdout).toBe(
      "CHRONICLE CRITICAL: 1 queue, 1 not ok - queue: queue NOT DURABLE: never synced | queues=1;;;0 'queue.audit.lag_messages'=1;;;0 " +
        `${/'queue.audit.lag_seconds'=[0-9.]+s;;;0/.exec(nagios.stdout)?.[0]}\n`,
    )
    const metrics = runCli(['check', queue, ...strict, 'prometheus']).stdout
    expect(metrics).toContain('chronicle_check_severity{queue="queue"} 2\n')
    expect(metrics).toContain(
      'chronicle_check_condition{queue="queue",reader="",code="NOT_DURABLE",word="not durable",severity="critical"} 1\n',
    )
  })

  it('name the worst queue first: a pager shows one line', () => {
    using writer = openWriter(folder.join('bus/a'), { segmentSize: 4096 })
    openReader(folder.join('bus/a'), 'audit').close()
    writer.append(1, Buffer.from('unread'))
    openWriter(folder.join('bus/b'), { segmentSize: 4096 }).close()
    writeFileSync(folder.join('bus/b/thresholds.json'), '{"writer":"running"}')
    const [title, ...lines] = runCli(['check', folder.join('bus')]).stdout.split('\n')
    expect(title).toBe('CRITICAL  2 queues, 2 not ok')
    expect(lines).toEqual(['  b  writer CLOSED', '  a  reader audit dead: 1 message behind', ''])
    const nagios = runCli(['check', folder.join('bus'), '--format', 'nagios']).stdout.split('\n')
    expect(nagios[0]).toContain('CHRONICLE CRITICAL: 2 queues, 2 not ok - b: writer CLOSED (and 1 more) | ')
    expect(nagios[1]).toBe('a: reader audit dead: 1 message behind')
  })

  it('warn of a reader that is to be checked and that no queue has', () => {
    const queue = folder.join('queue')
    openWriter(queue, { segmentSize: 4096 }).close()
    openReader(queue, 'audit').close()
    expect(runCli(['check', queue, '--reader', 'audit:lag-messages=1'])).toMatchObject({ exitCode: 0, stdout: 'ok  1 queue\n' })
    const mistyped = ['check', queue, '--reader', 'audti:lag-messages=1']
    expect(runCli(mistyped)).toMatchObject({ exitCode: 3, stdout: 'warning  1 queue\n  reader audti  is in no queue\n' })
    expect(runCli([...mistyped, '--format', 'nagios']).stdout).toMatch(
      /^CHRONICLE WARNING: 1 queue, 0 not ok, no reader audti \| /,
    )
    expect(JSON.parse(runCli([...mistyped, '--json']).stdout)).toMatchObject({ severity: 'warning', missingReaders: ['audti'] })
    expect(runCli(['check', queue, '--optional-reader', 'nobody']).exitCode).toBe(0)
  })

  it('count the problems that were acknowledged', () => {
    const queue = folder.copyGolden('killed')
    writeFileSync(join(queue, 'thresholds.json'), '{')
    expect(runCli(['check', queue])).toMatchObject({ exitCode: 3 })
    expect(runCli(['doctor', queue, '--acknowledge', '--yes']).exitCode).toBe(0)
    const counted = /^ok {2}1 queue, \d problems? acknowledged\n$/
    expect(runCli(['check', queue])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(counted) })
    expect(runCli(['check', queue, '--format', 'nagios']).stdout).toMatch(
      /^CHRONICLE OK: 1 queue, 0 not ok, \d problems? acknowledged \| /,
    )
    expect(runCli(['inspect', folder.path]).stdout).toMatch(/ {2}ok, \d problems? acknowledged$/m)
    expect(runCli(['health', queue]).stdout).toMatch(/^ok, \d problems? acknowledged\n$/)
    const { acknowledged } = JSON.parse(runCli(['health', queue, '--json']).stdout) as { acknowledged: number }
    expect(acknowledged).toBeGreaterThan(0)
    const { stdout } = runCli(['check', queue, '--writer', 'running'])
    expect(stdout).toContain(`1 not ok, ${acknowledged} problem`)
  })

  it('say what cannot be looked at', () => {
    expect(runCli(['check', folder.join('missing')]).exitCode).toBe(1)
    const unknown = runCli(['check', folder.join('missing'), '--nagios-codes', '--format', 'nagios'])
    expect(unknown).toMatchObject({ exitCode: 3 })
    expect(unknown.stdout).toMatch(/^CHRONICLE UNKNOWN: /)
    expect(runCli(['check', folder.join('missing'), '--format', 'nagios'])).toMatchObject({ exitCode: 1, stdout: unknown.stdout })
    const reported = runCli(['check', folder.join('missing'), '--nagios-codes', '--json'])
    expect(reported.exitCode).toBe(3)
    expect(JSON.parse(reported.stdout)).toMatchObject({ command: 'check', code: 'ERR_NOT_FOUND', exitCode: 3 })
    expect(runCli(['check', folder.join('missing'), '--nagios-codes', '--format', 'prometheus']).stdout).toBe('')
    // To a monitoring system 1 is a warning about the queues, and a mistyped threshold says nothing about them.
    expect(runCliProcess(['check', folder.path, '--lag-seconds', 'soon', '--nagios-codes']).exitCode).toBe(3)
    truncateSync(join(folder.copyGolden('killed'), 'control.meta'), 10)
    expect(runCli(['health', folder.path, '--json']).exitCode).toBe(2)
  })
})

describe('thresholds on the command line', () => {
  it('are a warning, a critical one, or both', () => {
    expect(parseCountThreshold('1000')).toEqual({ warning: 1000 })
    expect(parseCountThreshold('10:100')).toEqual({ warning: 10, critical: 100 })
    expect(parseSecondsThreshold(':1m')).toEqual({ critical: 60 })
    expect(parseDiskThreshold('10%:2.5%')).toEqual({ diskFreeShare: { warning: 0.1, critical: 0.025 } })
    expect(parseDiskThreshold('1GiB')).toEqual({ diskFreeBytes: { warning: 2 ** 30 } })
    expect(parseReaderThreshold('audit:lag-seconds=60s:10m,lag-messages=5')).toEqual([
      ['audit', { lagSeconds: { warning: 60, critical: 600 }, lagMessages: { warning: 5 } }],
    ])
  })

  it.each(['', ':', 'many', '1:2:3', '-1'])('refuse %j', (text) => {
    expect(() => parseCountThreshold(text)).toThrow(/expected counts/)
  })

  it('refuse a critical value that comes before the warning', () => {
    for (const parse of [
      () => parseCountThreshold('100:10'),
      () => parseDiskThreshold('1%:5%'),
      () => parseDiskThreshold('1GiB:2GiB'),
    ])
      expect(parse).toThrow(/before the critical value/)
  })

  it.each(['audit', ':lag-seconds=1', 'audit:lag=1', 'audit:lag-seconds', 'audit:lag-messages=1=2'])(
    'refuse %j for a reader',
    (text) => {
      expect(() => parseReaderThreshold(text)).toThrow(/expected/)
    },
  )

  it('go before those of the file', () => {
    const queue = folder.copyGolden('rolled')
    writeFileSync(join(queue, 'thresholds.json'), '{"lagMessages":5,"readers":{"audit":{"lagBytes":7}}}')
    const thresholds = thresholdsFor(queue, {
      lagMessages: { warning: 9 },
      reader: parseReaderThreshold('audit:lag-messages=3'),
    })
    expect(thresholds).toEqual({
      lagMessages: { warning: 9 },
      readers: { audit: { lagBytes: { warning: 7 }, lagMessages: { warning: 3 } } },
    })
  })
})
