import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { afterAll, describe, expect, it } from 'vitest'
import { QueueDifference } from '../salvage/compare-queues.js'
import { backupQueue, restoreQueue } from './backup-queue.js'

/** The smallest that mkfs.xfs makes. */
const IMAGE_LENGTH = 320 * 1024 * 1024
const SEGMENT_SIZE = 4 * 1024 * 1024
const SEGMENTS = 8

const folder = mkdtempSync(join(tmpdir(), 'chronicle-reflink-'))
const mountPoint = join(folder, 'xfs')
const isMounted = mountXfs()
if (!isMounted) console.warn('reflinks are not tested: mkfs.xfs is missing, or this user may not mount')

/** A file system of its own that shares blocks between files; needs root. */
function mountXfs(): boolean {
  mkdirSync(mountPoint)
  const image = join(folder, 'image')
  try {
    writeFileSync(image, '')
    truncateSync(image, IMAGE_LENGTH)
    execFileSync('mkfs.xfs', ['-q', '-m', 'reflink=1', image], { stdio: 'ignore' })
    execFileSync('mount', ['-o', 'loop', image, mountPoint], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function usedBytes(): number {
  execFileSync('sync', ['-f', mountPoint])
  const { blocks, bfree, bsize } = statfsSync(mountPoint)
  return (blocks - bfree) * bsize
}

function areEqual(left: string, right: string): boolean {
  using difference = new QueueDifference(left, right)
  while (difference.step());
  const { equal, different, onlyLeft, onlyRight, problems } = difference.result
  return equal > 0 && different + onlyLeft + onlyRight + problems === 0
}

afterAll(() => {
  if (isMounted) execFileSync('umount', [mountPoint])
  rmSync(folder, { recursive: true })
})

describe.runIf(isMounted)('a backup on a file system with reflinks', () => {
  it('shares the blocks of sealed segments, is verified, and keeps its messages when the original goes on', () => {
    const queue = join(mountPoint, 'queue')
    const copy = join(mountPoint, 'copy')
    using writer = openWriter(queue, { segmentSize: SEGMENT_SIZE })
    const payload = Buffer.alloc(60_000, 'm')
    while (writer.position.segmentId < SEGMENTS) writer.append(1, payload)
    writer.flushSync()
    const before = usedBytes()
    const report = backupQueue(queue, copy)
    expect(report).toMatchObject({ reflinked: SEGMENTS, copied: 1, problems: [], nextSequence: writer.nextSequence })
    // The head is copied up to its end; of the others only the tables are new.
    expect(usedBytes() - before).toBeLessThan(2 * SEGMENT_SIZE)
    expect(areEqual(queue, copy)).toBe(true)

    const { nextSequence } = writer
    for (let count = 0; count < 10; count += 1) writer.append(2, payload)
    const restored = restoreQueue(copy, join(mountPoint, 'restored'))
    expect(restored).toMatchObject({ reflinked: SEGMENTS, nextSequence })
    expect(areEqual(copy, join(mountPoint, 'restored'))).toBe(true)
  })
})
