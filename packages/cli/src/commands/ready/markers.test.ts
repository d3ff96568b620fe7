import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { exitOf, runCli, startCli } from '../../../test/support/run-cli.js'

const STALE_LEASE = '{"pid":999999999,"startTime":1,"bootId":"x","epoch":1,"timestampNs":"1700000000000000000"}\n'

let folder: QueueFolder
let queue: string

beforeEach(() => {
  folder = new QueueFolder()
  queue = folder.copyGolden('bus/orders/queue/alpha/orders_out')
})
afterEach(() => folder.remove())

describe('chron-cli ready', () => {
  it('L68: announces no directory that is not a queue', () => {
    mkdirSync(folder.join('mistyped'))
    for (const change of ['--set', '--remove'])
      expect(runCli(['ready', folder.join('mistyped'), change, '--yes']).exitCode).toBe(1)
    expect(readdirSync(folder.join('mistyped'))).toEqual([])
    expect(runCli(['ready', folder.join('missing'), '--set', '--yes']).exitCode).toBe(1)
    expect(existsSync(folder.join('missing'))).toBe(false)
  })

  it('shows by its exit code whether a queue is announced', () => {
    expect(runCli(['ready', queue]).exitCode).toBe(0)
    expect(runCli(['ready', folder.copyGolden('killed')]).exitCode).toBe(3)
    expect(runCli(['ready', folder.join('missing')]).exitCode).toBe(1)
  })

  it('sets and removes the marker with --yes only', () => {
    expect(runCli(['ready', queue, '--remove']).exitCode).toBe(1)
    expect(existsSync(join(queue, 'READY'))).toBe(true)
    expect(runCli(['ready', queue, '--remove', '--yes']).exitCode).toBe(0)
    expect(existsSync(join(queue, 'READY'))).toBe(false)
    expect(runCli(['ready', queue, '--set', '--yes']).exitCode).toBe(0)
    expect(existsSync(join(queue, 'READY'))).toBe(true)
  })

  it('waits for the marker, and gives up after the given time', async () => {
    runCli(['ready', queue, '--remove', '--yes'])
    expect(runCli(['ready', queue, '--wait', '30ms']).exitCode).toBe(3)
    const child = startCli(['ready', queue, '--wait', '1h'])
    writeFileSync(join(queue, 'READY'), '')
    expect(await exitOf(child)).toBe(0)
  })
})

describe('chron-cli lease', () => {
  it('names the owner of the queue, and says that it is gone', () => {
    writeFileSync(join(queue, 'LEASE'), STALE_LEASE)
    const { exitCode, stdout } = runCli(['lease', queue])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('pid 999999999, epoch 1, renewed 2023-11-14T22:13:20.000000000Z')
    expect(stdout).toContain('owner dead (lock-free)')
  })

  it('knows a living owner by its lock, and does not take over', () => {
    writeFileSync(join(queue, 'LEASE'), STALE_LEASE)
    using writer = openWriter(queue)
    expect(runCli(['lease', queue]).exitCode).toBe(0)
    expect(runCli(['lease', queue, '--remove', '--yes']).exitCode).toBe(4)
    expect(readFileSync(join(queue, 'LEASE'), 'utf8')).toBe(STALE_LEASE)
    expect(writer.epoch).toBeGreaterThan(1)
  })

  it('removes a stale lease with --yes', () => {
    writeFileSync(join(queue, 'LEASE'), STALE_LEASE)
    expect(runCli(['lease', queue, '--remove']).exitCode).toBe(1)
    expect(runCli(['lease', queue, '--remove', '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('lease removed'),
    })
    expect(runCli(['lease', queue, '--remove', '--yes']).stdout).toContain('there was no lease')
    expect(existsSync(join(queue, 'LEASE'))).toBe(false)
  })
})
