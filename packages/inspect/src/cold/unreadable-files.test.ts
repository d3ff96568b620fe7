import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { segmentFileName } from '@chronicle-ts/core/internal'
import { beforeEach, describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { makeUnopenable, makeUnreadable, withoutRightsTo } from '../../../core/test/support/faulty-files.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { findQueues } from './find-queues.js'
import { inspectQueue } from './inspect-queue.js'
import { openColdReader } from './open-cold-reader.js'
import { verifyQueue } from './queue-verification.js'

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  buildQueue(queue, { payloads: textPayloads(100), readers: { audit: { segmentId: 0, offset: 64 } } })
})

const FAULTS: [string, string, (path: string) => void][] = [
  ['that is a link to itself', 'ELOOP', makeUnopenable],
  ['that is a link to another', 'ELOOP', makeUnreadable],
]

describe.each(FAULTS)('a segment %s', (_, errno, spoil) => {
  it('is reported by a cold reader, which goes on after it', () => {
    spoil(segment(1))
    using reader = openColdReader(queue)
    const items = [...reader]
    expect(items.flatMap((item) => (item.kind === 'problem' ? [item.problem] : []))).toEqual([
      expect.objectContaining({
        code: 'FILE_UNREADABLE',
        severity: 'critical',
        segmentId: 1,
        message: expect.stringContaining(errno),
      }),
    ])
    expect(items.map((item) => (item.kind === 'problem' ? item.problem.message : '')).join('')).toContain(` at ${segment(1)}.`)
    const segments = new Set(items.flatMap((item) => (item.kind === 'record' ? [item.segmentId] : [])))
    expect([...segments]).toEqual([0, 2, 3])
  })

  it('is reported by inspecting, with nothing said about what is in it', () => {
    spoil(segment(1))
    const { problems, segments } = inspectQueue(queue)
    expect(problems).toEqual([expect.objectContaining({ code: 'FILE_UNREADABLE', segmentId: 1, severity: 'critical' })])
    expect(segments.inspected[1]).toMatchObject({
      length: 0,
      hasRecords: false,
      firstSequence: undefined,
      recordCount: undefined,
    })
  })

  it('as the head leaves the end where the segments before it end', () => {
    spoil(segment(3))
    const { head, problems } = inspectQueue(queue)
    expect(head).toMatchObject({ segmentId: 2, nextSequence: 100 })
    expect(problems.map(({ code }) => code)).toContain('FILE_UNREADABLE')
    expect(problems.map(({ code }) => code)).not.toContain('SEGMENT_NOT_READY')
  })

  it('under a reader leaves its lag in messages unknown, and its lag in bytes as the segment size gives it', () => {
    spoil(segment(0))
    const [reader] = inspectQueue(queue).readers
    expect(reader?.lag).toMatchObject({ messages: 100 - 31, ns: expect.any(BigInt) })
    spoil(segment(1))
    const { readers, head } = inspectQueue(queue)
    const { offset: headOffset = 0 } = head
    expect(readers[0]?.lag).toEqual({ messages: undefined, bytes: 3 * (4096 - 64) + headOffset - 64, ns: undefined })
  })

  it('is where a search by sequence begins when it is all that there is', () => {
    for (const id of [1, 2, 3]) rmSync(segment(id))
    spoil(segment(0))
    using reader = openColdReader(queue, { from: { sequence: 0 } })
    expect(reader.position).toEqual({ segmentId: 0, offset: 64 })
  })
})

describe.each(FAULTS)('a file %s', (_, errno, spoil) => {
  it.each(['control.meta', 'index.meta', 'readers/audit.meta'])(
    'in the place of %s is reported, and the rest is looked at',
    (file) => {
      writeFileSync(join(queue, 'index.meta'), '')
      spoil(join(queue, file))
      const { problems, segments, readers } = inspectQueue(queue)
      const found = problems.find(({ code }) => code === 'FILE_UNREADABLE')
      expect(found).toMatchObject({ file, message: expect.stringContaining(errno) })
      expect(segments.inspected).toHaveLength(4)
      expect(readers.map(({ name }) => name)).toEqual(['audit'])
    },
  )

  it('in the place of the lock leaves it unknown whether there is a writer', () => {
    spoil(join(queue, 'writer.lock'))
    expect(inspectQueue(queue).writer).toMatchObject({ alive: undefined, knownBy: 'nothing', pid: undefined })
  })

  it('in the place of the control block keeps no tool from reading', () => {
    spoil(join(queue, 'control.meta'))
    using reader = openColdReader(queue)
    expect([...reader].filter(({ kind }) => kind === 'record')).toHaveLength(100)
  })

  it('does not keep verifying from its end', () => {
    spoil(segment(1))
    using verification = verifyQueue(queue)
    while (verification.step());
    expect(verification.progress.records).toBe(100 - 31)
    expect(verification.problems.map(({ code, segmentId }) => [code, segmentId])).toEqual([['FILE_UNREADABLE', 1]])
  })
})

describe('a segment that this user may not read', () => {
  it('takes the space that its directory says', () => {
    withoutRightsTo(segment(1), [join(queue, '..'), queue])
    const [first, second] = inspectQueue(queue).segments.inspected
    expect(second).toMatchObject({ length: first?.length, problem: { code: 'FILE_UNREADABLE' } })
    expect(second?.allocatedBytes).toBeGreaterThan(0)
  })
})

describe('a directory that may not be listed', () => {
  it('is named by a search for queues, which finds the others', () => {
    const root = join(queue, '..', 'bus')
    buildQueue(join(root, 'open'), { payloads: textPayloads(1) })
    mkdirSync(join(root, 'closed'))
    withoutRightsTo(join(root, 'closed'), [join(queue, '..')])
    expect(findQueues(root)).toEqual({
      directories: [join(root, 'open')],
      unreadable: [join(root, 'closed')],
      leftOut: [],
      isPartial: false,
    })
  })

  it('is an error as the root of a search, as one is that does not exist', () => {
    const closed = join(queue, '..', 'closed')
    mkdirSync(closed)
    expect(() => findQueues(join(closed, 'missing'))).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }))
    withoutRightsTo(closed, [join(queue, '..')])
    expect(() => findQueues(closed)).toThrow(expect.objectContaining({ code: 'ERR_PERMISSION', path: closed }))
  })

  it('hides the readers of a queue, which is reported', () => {
    withoutRightsTo(join(queue, 'readers'), [join(queue, '..'), queue])
    const { readers, problems } = inspectQueue(queue)
    expect(readers).toEqual([])
    expect(problems).toEqual([expect.objectContaining({ code: 'FILE_UNREADABLE', file: 'readers' })])
  })
})

function segment(id: number): string {
  return join(queue, segmentFileName(id))
}
