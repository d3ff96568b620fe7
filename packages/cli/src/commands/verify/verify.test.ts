import { chmodSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../../test/support/build-queue.js'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli, runCliUnprivileged } from '../../../test/support/run-cli.js'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

describe('chron-cli verify', () => {
  it('does not call a root good of which it may not list a part, and names that', () => {
    buildQueue(folder.join('root/good'), { payloads: textPayloads(3) })
    const closed = folder.join('root/closed')
    mkdirSync(closed)
    chmodSync(closed, 0)
    const { exitCode, stderr } = runCliUnprivileged(['verify', folder.join('root')])
    chmodSync(closed, 0o700)
    expect(exitCode).toBe(3)
    expect(stderr).toContain(closed)
  })

  it('says that every record is good, and changes nothing', async () => {
    const queue = folder.copyGolden('rolled')
    const before = fingerprint(queue)
    const { exitCode, stdout, stderr } = runCli(['verify', queue])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(fingerprint(queue)).toEqual(before)
    await expect(withoutSpeed(folder.normalise(stdout))).toMatchFileSnapshot('../../../test/golden/verify-rolled.txt')
  })

  it('names every bad record and exits with 2', () => {
    const queue = folder.join('queue')
    const { records } = buildQueue(queue, { payloads: textPayloads(100) })
    const [bad] = records.slice(40)
    writeSync(openSync(join(queue, '000000001.q'), 'r+'), 'X', (bad?.offset ?? 0) + 70)
    const { exitCode, stdout } = runCli(['verify', queue, '--json'])
    const { queues } = JSON.parse(stdout) as { queues: { complete: boolean; problems: { code: string }[] }[] }
    expect(exitCode).toBe(2)
    expect(queues[0]).toMatchObject({ complete: true, progress: { records: 99 } })
    expect(queues[0]?.problems.map(({ code }) => code)).toEqual(['RECORD_BAD_PAYLOAD_CRC'])
  })

  it('checks a range of segments', () => {
    const queue = folder.copyGolden('rolled')
    const { stdout } = runCli(['verify', queue, '--from', '1', '--to', '2', '--json'])
    const { queues } = JSON.parse(stdout) as { queues: { progress: { records: number; segments: number } }[] }
    expect(queues[0]?.progress).toMatchObject({ segments: 2, records: 32 })
  })

  it.each([
    ['--from', '99999'],
    ['--from', '2', '--to', '1'],
  ])('does not call good what it did not look at: %s %s', (...range) => {
    const { exitCode, stdout, stderr } = runCli(['verify', folder.copyGolden('rolled'), ...range])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toContain('no segment in that range')
  })

  it('L32: verifies the other queues although one cannot be opened', () => {
    const queue = folder.copyGolden('killed')
    const gone = folder.copyGolden('rolled')
    rmSync(gone, { recursive: true })
    const { exitCode, stdout, stderr } = runCli(['verify', gone, queue])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('ERR_NOT_FOUND')
    expect(stdout).toContain('25 records')
  })

  it('says in JSON, too, which queues could not be opened, and why', () => {
    const queue = folder.copyGolden('killed')
    const gone = folder.join('gone')
    const alone = runCli(['verify', gone, '--json'])
    expect({ exitCode: alone.exitCode, report: JSON.parse(alone.stdout) }).toMatchObject({
      exitCode: 1,
      report: { command: 'verify', code: 'ERR_NOT_FOUND', facts: { path: gone }, exitCode: 1 },
    })
    const both = runCli(['verify', gone, queue, '--json'])
    expect({ exitCode: both.exitCode, report: JSON.parse(both.stdout) }).toMatchObject({
      exitCode: 1,
      report: { queues: [{ queue }], errors: [{ queue: gone, code: 'ERR_NOT_FOUND', facts: { path: gone } }] },
    })
  })
})

function withoutSpeed(text: string): string {
  return text.replace(/ in [\d.]+ .?s, .*\/s/, ' in <time>')
}
