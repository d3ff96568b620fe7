import { readdirSync } from 'node:fs'
import { openReader, openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli } from '../../../test/support/run-cli.js'

let folder: QueueFolder
let queue: string

beforeEach(() => {
  folder = new QueueFolder()
  queue = folder.join('queue')
  const writer = openWriter(queue, { segmentSize: 4096 })
  for (let index = 0; index < 300; index += 1) writer.append(1, Buffer.alloc(64))
  writer.close()
})
afterEach(() => folder.remove())

describe('chron-cli prune', () => {
  it('shows what may go and why, and deletes nothing', async () => {
    const before = fingerprint(queue)
    const { exitCode, stdout } = runCli(['prune', queue, '--max-segments', '4'])
    expect(exitCode).toBe(0)
    expect(fingerprint(queue)).toEqual(before)
    await expect(folder.normalise(stdout)).toMatchFileSnapshot('../../../test/golden/prune-dry-run.txt')
  })

  it('deletes with --yes, from the lowest segment on', () => {
    const before = segments()
    const { exitCode, stdout } = runCli(['prune', queue, '--max-segments', '4', '--yes', '--json'])
    const { deleted } = JSON.parse(stdout) as { deleted: number[] }
    expect(exitCode).toBe(0)
    expect(deleted.length).toBeGreaterThan(0)
    expect(segments()).toEqual(before.slice(deleted.length))
  })

  it('L9: keeps what a registered reader has not read, whether it runs or not', () => {
    openReader(queue, 'audit', { start: 'earliest' }).close()
    const before = segments()
    const { stdout } = runCli(['prune', queue, '--max-segments', '2', '--consumed', '--yes'])
    expect(stdout).toContain('audit')
    expect(segments()).toEqual(before)
  })

  it('lets go of what every reader has read', () => {
    const reader = openReader(queue, 'audit', { start: 'earliest' })
    while (reader.next() !== undefined);
    reader.commit()
    reader.close()
    runCli(['prune', queue, '--consumed', '--yes'])
    expect(segments().length).toBeLessThanOrEqual(2)
  })

  it('leaves a live queue to its writer', () => {
    using writer = openWriter(queue)
    expect(runCli(['prune', queue, '--max-segments', '2', '--yes']).exitCode).toBe(4)
    expect(writer.nextSequence).toBe(300)
  })

  it('wants a rule, and a queue', () => {
    expect(runCli(['prune', queue, '--yes']).exitCode).toBe(1)
    expect(runCli(['prune', folder.path, '--consumed']).exitCode).toBe(1)
    expect(runCli(['prune', folder.join('missing'), '--consumed', '--yes']).exitCode).toBe(1)
  })

  function segments(): string[] {
    return readdirSync(queue)
      .filter((name) => name.endsWith('.q'))
      .sort()
  }
})
