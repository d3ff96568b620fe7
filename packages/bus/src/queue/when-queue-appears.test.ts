import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { expect, it } from 'vitest'
import { eventually } from '../../test/support/eventually.js'
import { countInotifyWatches } from '../../test/support/inotify-watches.js'
import { temporaryFolder } from '../../test/support/temporary-bus.js'
import { whenQueueAppears } from './when-queue-appears.js'

const INOTIFY_ONLY = { rescanIntervalMs: 2 ** 31 - 1 }

it('resolves when the queue can be opened', async () => {
  const queue = join(temporaryFolder(), 'a', 'b', 'queue')
  const appearance = whenQueueAppears(queue, INOTIFY_ONLY)
  setTimeout(() => openWriter(queue, { segmentSize: 4096 }).close(), 20)
  await appearance
  await whenQueueAppears(queue, INOTIFY_ONLY)
})

it('sees the queue in a directory that took the place and the inode of the watched one', async () => {
  const queue = join(temporaryFolder(), 'queue')
  mkdirSync(queue)
  const { ino } = statSync(queue)
  const before = countInotifyWatches()
  const appearance = whenQueueAppears(queue, INOTIFY_ONLY)
  await eventually(() => countInotifyWatches() > before, 'it was watched')
  for (let attempt = 0; attempt < 100; attempt++) {
    rmSync(queue, { recursive: true })
    mkdirSync(queue)
    if (statSync(queue).ino === ino) break
  }
  await eventually(() => countInotifyWatches() > before, 'the new one was watched')
  openWriter(queue, { segmentSize: 4096 }).close()
  await appearance
})

it('rejects with the reason when the signal aborts, and leaves no watch', async () => {
  const before = countInotifyWatches()
  const queue = join(temporaryFolder(), 'queue')
  await expect(whenQueueAppears(queue, { signal: AbortSignal.abort('stop') })).rejects.toBe('stop')
  await expect(whenQueueAppears(queue, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' })
  expect(countInotifyWatches()).toBe(before)
})

it('waits where a file stands in the way, until it is moved', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'bus'), '')
  const waiting = whenQueueAppears(join(folder, 'bus', 'queue'), { signal: AbortSignal.timeout(20) })
  await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
})
