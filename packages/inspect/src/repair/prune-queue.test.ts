import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { CONTROL_MAGIC_OFFSET } from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { overwriteControl, segmentFile, u32 } from '../../../core/test/support/raw-queue.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { listQueue } from '../cold/queue-listing.js'
import { planPrune, pruneQueue } from './prune-queue.js'

let queue: string
let before: readonly number[]

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  const writer = openWriter(queue, { segmentSize: 4096 })
  for (let index = 0; index < 300; index += 1) writer.append(1, Buffer.alloc(64), { timestampNs: BigInt(index) })
  writer.close()
  before = published()
})

describe('planning what to prune', () => {
  it('says of each segment up to the head what a writer with these rules would do, and changes nothing', () => {
    const files = readdirSync(queue)
    const verdicts = planPrune(queue, { maxSegments: 4 })
    expect(verdicts.map(({ segmentId }) => segmentId)).toEqual(before)
    expect(verdicts.filter(({ deletable }) => deletable).map(({ segmentId }) => segmentId)).toEqual(before.slice(0, -4))
    expect(verdicts.at(-1)).toMatchObject({ deletable: false, reason: 'it is the head' })
    expect(readdirSync(queue)).toEqual(files)
  })

  it('knows how old a segment is by its last message', () => {
    expect(planPrune(queue, { maxAgeMs: 1000 }).filter(({ deletable }) => deletable)).toHaveLength(before.length - 1)
    expect(planPrune(queue, { maxAgeMs: Number.MAX_SAFE_INTEGER }).some(({ deletable }) => deletable)).toBe(false)
  })

  it('finds nothing to let go when no segment is left', () => {
    for (const id of published()) rmSync(segmentFile(queue, id))
    expect(planPrune(queue, { maxSegments: 1 })).toEqual([])
  })

  it('refuses a queue whose control block says nothing that can be relied on', () => {
    overwriteControl(queue, CONTROL_MAGIC_OFFSET, u32(1))
    expect(() => planPrune(queue, { maxSegments: 1 })).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }))
    rmSync(join(queue, 'control.meta'))
    expect(() => planPrune(queue, { maxSegments: 1 })).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }))
    expect(() => planPrune(join(queue, 'missing'), { maxSegments: 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_FOUND' }),
    )
  })
})

describe('pruning a queue', () => {
  it('deletes what was planned, and says what is gone', async () => {
    const planned = planPrune(queue, { maxSegments: 4 }).flatMap(({ segmentId, deletable }) => (deletable ? [segmentId] : []))
    const gone = await pruneQueue(queue, { maxSegments: 4 })
    expect(gone).toEqual(planned)
    for (const id of gone) expect(existsSync(segmentFile(queue, id))).toBe(false)
    expect(published().slice(0, 4)).toEqual(before.slice(-4))
  })

  it('does not call a segment left whose deletion is under way', async () => {
    delayDeletions()
    expect(await pruneQueue(queue, { maxSegments: 4 })).toEqual(before.slice(0, -4))
  })

  it('L9: keeps what a registered reader has not read, whether it runs or not', async () => {
    openReader(queue, 'audit', { start: 'earliest' }).close()
    expect(planPrune(queue, { maxSegments: 1 })[0]).toMatchObject({ deletable: false, pinnedBy: ['audit'] })
    expect(await pruneQueue(queue, { maxSegments: 1 })).toEqual([])
    expect(published()).toEqual(expect.arrayContaining([...before]))
  })

  it('says only what is gone, and leaves no gap, when the system refuses to delete a segment', async () => {
    rmSync(segmentFile(queue, 1))
    mkdirSync(segmentFile(queue, 1))
    await expect(pruneQueue(queue, { maxSegments: 4 })).rejects.toMatchObject({ code: 'ERR_IO', path: segmentFile(queue, 1) })
    expect(listQueue(queue).segmentIds).not.toContain(0)
    expect(listQueue(queue).segmentIds).toEqual(expect.arrayContaining(before.slice(1)))
    rmdirSync(segmentFile(queue, 1))
    expect(await pruneQueue(queue, { maxSegments: 4 })).toEqual(before.slice(2, -4))
  })

  it('deletes nothing twice', async () => {
    await pruneQueue(queue, { maxSegments: 2 })
    expect(await pruneQueue(queue, { maxSegments: 2 })).toEqual([])
  })

  it('leaves a live queue to its writer', async () => {
    using writer = openWriter(queue)
    await expect(pruneQueue(queue, { maxSegments: 2 })).rejects.toMatchObject({ code: 'ERR_WRITER_ACTIVE', pid: process.pid })
    expect(writer.nextSequence).toBe(300)
    expect(published()).toEqual(expect.arrayContaining([...before]))
    expect(readFileSync(join(queue, 'writer.lock'), 'latin1')).not.toBe('')
  })
})

/** Keeps the thread that deletes busy until the test is over: each deletion waits behind syncs of thousands of files, of which none is there. */
function delayDeletions(): void {
  const files = Array.from({ length: 5000 }, (_, index) => join(queue, `missing-${index}`))
  let isOver = false
  const startOne = () => {
    if (isOver) return
    const job = binding.backgroundUnlink(join(queue, 'missing'), files)
    binding.jobNotify(job, () => {
      binding.jobRelease(job)
      startOne()
    })
  }
  startOne()
  startOne()
  onTestFinished(() => {
    isOver = true
  })
}

/** Ids up to the head: the one that is prepared after it does not count. */
function published(): readonly number[] {
  const { segmentIds } = listQueue(queue)
  return segmentIds.filter((id) => readFileSync(segmentFile(queue, id)).readUInt32LE(64) !== 0)
}
