import { chmodSync, closeSync, mkdirSync, openSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { segmentFileName } from '@chronicle-ts/core/internal'
import type { QueueInspection } from '@chronicle-ts/inspect'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { amount } from '../../../../../tools/evidence/effort/effort.mjs'
import { buildQueue, textPayloads } from '../../../test/support/build-queue.js'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { exitOf, readUntil, runCli, runCliUnprivileged, startCli } from '../../../test/support/run-cli.js'

/** Segments of a queue that is listed without looking at each of them: far more than are looked at. */
const SEGMENTS = amount({ short: 5000, long: 100_000 })

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

describe('chron-cli inspect', () => {
  it.each(['rolled', 'restarted', 'killed', 'repaired'])('shows %s as text', async (name) => {
    const { exitCode, stdout, stderr } = runCli(['inspect', folder.copyGolden(name)])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    await expect(folder.normaliseTable(stdout)).toMatchFileSnapshot(`../../../test/golden/inspect-${name}.txt`)
  })

  it('prints one object with a schema version as JSON', async () => {
    const { stdout } = runCli(['inspect', folder.copyGolden('rolled'), '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, command: 'inspect', queue: { isQueue: true } })
    await expect(folder.normalise(stdout)).toMatchFileSnapshot('../../../test/golden/inspect-rolled.json')
  })

  it('prints null for a rate that is unknown, and 0 for one that is not', () => {
    const rateOf = (queue: string) => {
      const { stdout } = runCli(['inspect', queue, '--json'])
      return (JSON.parse(stdout) as { queue: { head: { rate: unknown } } }).queue.head.rate
    }
    const queue = folder.join('recorded')
    using writer = openWriter(queue, { segmentSize: 4096 })
    expect(rateOf(queue)).toMatchObject({ messagesPerSecond: 0 })
    writer.append(1, Buffer.from('of a recording'), { timestampNs: 1n })
    expect(rateOf(queue)).toBeNull()
  })

  it('prints one line per queue of a bus root', async () => {
    for (const name of ['bus', 'killed', 'rolled']) folder.copyGolden(name)
    const { exitCode, stdout } = runCli(['inspect', folder.path])
    expect(exitCode).toBe(0)
    await expect(folder.normaliseTable(stdout)).toMatchFileSnapshot('../../../test/golden/inspect-bus.txt')
    const { queues } = JSON.parse(runCli(['inspect', folder.path, '--json']).stdout) as { queues: QueueInspection[] }
    expect(queues.map(({ directory }) => folder.normalise(directory))).toEqual([
      '<root>/bus/orders/queue/alpha/orders_out',
      '<root>/killed',
      '<root>/rolled',
    ])
  })

  it('leaves every byte and every time stamp as it was', () => {
    for (const name of ['rolled', 'killed', 'bus']) {
      const path = folder.copyGolden(name)
      const before = fingerprint(path)
      runCli(['inspect', path, '--json'])
      expect(fingerprint(path)).toEqual(before)
    }
  })

  it('grades what it finds: 3 for warnings, 2 for what is broken', () => {
    const queue = folder.copyGolden('rolled')
    writeFileSync(join(queue, 'readers/audit.meta'), 'noise')
    expect(runCli(['inspect', queue]).exitCode).toBe(3)
    truncateSync(join(queue, segmentFileName(1)), 10)
    expect(runCli(['inspect', queue]).exitCode).toBe(2)
  })

  it('L32: shows every queue of a root although one of them is broken', () => {
    const broken = folder.copyGolden('killed')
    folder.copyGolden('rolled')
    writeFileSync(join(broken, 'control.meta'), 'noise')
    const { exitCode, stdout } = runCli(['inspect', folder.path])
    expect(exitCode).toBe(2)
    expect(folder.normalise(stdout)).toMatch(/<root>\/killed.*DAMAGED\n<root>\/rolled.* ok\n/s)
  })

  it('looks again and again with --watch until SIGINT, which is a clean end', async () => {
    const child = startCli(['inspect', folder.copyGolden('killed'), '--watch', '10ms', '--json'])
    const text = await readUntil(child, (soFar) => soFar.split('\n').length > 3)
    const first = JSON.parse(text.split('\n')[0] ?? '') as { schemaVersion: number }
    expect(first.schemaVersion).toBe(1)
    child.kill('SIGINT')
    expect(await exitOf(child)).toBe(0)
  })

  it.each([
    ['a missing directory', () => folder.join('missing'), 'ERR_NOT_FOUND'],
    ['an empty directory', () => folder.path, 'ERR_NOT_A_QUEUE'],
    ['a file', () => makeFile('file'), 'ERR_NOT_A_QUEUE'],
    ['a directory of something else', () => join(makeFile('file'), '..'), 'ERR_NOT_A_QUEUE'],
  ])('exits with 1 and one line on %s', (_, path, code) => {
    const { exitCode, stdout, stderr } = runCli(['inspect', path()])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^[^\n]*${code}[^\n]*\n$`))
  })

  it('does not follow symbolic links in circles', () => {
    mkdirSync(folder.join('a/b'), { recursive: true })
    symlinkSync('../..', folder.join('a/b/up'))
    folder.copyGolden('killed')
    expect(runCli(['inspect', folder.path]).exitCode).toBe(0)
  })

  it(`lists a queue of ${SEGMENTS} segments without looking at each`, () => {
    const queue = folder.join('huge')
    buildQueue(queue, { payloads: textPayloads(10) })
    for (let id = 1; id < SEGMENTS; id += 1) closeSync(openSync(join(queue, segmentFileName(id)), 'w'))
    const { stdout } = runCli(['inspect', queue, '--json'])
    const { queue: inspection } = JSON.parse(stdout) as { queue: QueueInspection }
    expect(inspection.segments).toMatchObject({ count: SEGMENTS, firstId: 0, lastId: SEGMENTS - 1 })
    expect(inspection.segments.inspected.length).toBeLessThan(1000)
  })

  it('needs read permission only, and says what it may not read', () => {
    const queue = folder.copyGolden('rolled')
    folder.protect(queue)
    expect(runCliUnprivileged(['inspect', queue]).exitCode).toBe(0)
    chmodSync(join(queue, 'readers'), 0)
    chmodSync(join(queue, 'writer.lock'), 0)
    const { exitCode, stdout } = runCliUnprivileged(['inspect', queue])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('unknown: the lock file cannot be read')
    expect(stdout).toContain('FILE_UNREADABLE')
  })

  function makeFile(name: string): string {
    const path = folder.join('files')
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, name), 'hello')
    return join(path, name)
  }
})
