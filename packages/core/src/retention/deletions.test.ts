import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { heldDirectory, temporaryDirectory } from '../../test/support/temporary.js'
import { WriterLock } from '../files/writer-lock.js'
import { segmentFileName } from '../format/index.js'
import { Deletions } from './deletions.js'

const WAIT_MS = 30_000

let folder: string
let deletions: Deletions

beforeEach(() => {
  folder = temporaryDirectory()
  const lock = WriterLock.acquire(heldDirectory(folder))
  onTestFinished(() => lock.release())
  deletions = new Deletions(lock.hold)
})

function segment(segmentId: number): string {
  return join(folder, segmentFileName(segmentId))
}

function left(): number[] {
  return [0, 1, 2, 3].filter((segmentId) => existsSync(segment(segmentId)))
}

it('leaves no gap: what is above a segment that the system refuses to delete stays', () => {
  for (const segmentId of [0, 2, 3]) writeFileSync(segment(segmentId), '')
  mkdirSync(segment(1))
  deletions.add([0, 1, 2, 3], [])
  deletions.await(0, WAIT_MS)
  expect(left()).toEqual([1, 2, 3])
  expect([deletions.doneCount, deletions.leftCount, deletions.isUnderWay]).toEqual([1, 3, false])
  expect(deletions.refusal).toEqual({ segmentId: 1, errno: expect.any(Number) })
  expect([constants.errno.EISDIR, constants.errno.EPERM]).toContain(deletions.refusal?.errno)
  expect(deletions.close(WAIT_MS)).toBe(1)
})

it('deletes the rest when it is tried again and the cause is over', () => {
  for (const segmentId of [0, 2, 3]) writeFileSync(segment(segmentId), '')
  mkdirSync(segment(1))
  deletions.add([0, 1, 2, 3], [])
  deletions.await(0, WAIT_MS)
  rmdirSync(segment(1))
  deletions.retry()
  deletions.await(0, WAIT_MS)
  expect(left()).toEqual([])
  expect(deletions.doneCount).toBe(4)
  expect(deletions.refusal).toBeUndefined()
  expect(deletions.close(WAIT_MS)).toBeUndefined()
})

it('deletes nothing before the positions that let the segments go are synced', () => {
  for (const segmentId of [0, 1]) writeFileSync(segment(segmentId), '')
  // A file in the place of the folder: no position in it can be synced.
  writeFileSync(join(folder, 'readers'), '')
  deletions.add([0, 1], ['first'])
  deletions.await(0, WAIT_MS)
  expect(left()).toEqual([0, 1])
  rmSync(join(folder, 'readers'))
  expect(deletions.close(WAIT_MS)).toBeUndefined()
  expect(left()).toEqual([])
})

it('does not keep the event loop busy with what the system refuses to delete', async () => {
  mkdirSync(segment(0))
  deletions.add([0], [])
  while (deletions.isUnderWay) await deletions.awaitNext()
  expect(deletions.leftCount).toBe(1)
  expect(deletions.close(WAIT_MS)).toBe(0)
})
