import { onTestFinished } from 'vitest'
import { appendNumbered } from '../../../core/test/support/messages.js'
import { memoryQueue } from '../../src/index.js'
import type { MemoryQueueOptions } from '../../src/memory-queue.js'

type NewQueue = Pick<ReturnType<typeof memoryQueue>, 'directory' | 'writer'>

/** In place of core's `newQueue`. */
export function newQueue(options: MemoryQueueOptions = {}): NewQueue {
  const queue = memoryQueue({ segmentSize: 4096, ...options })
  onTestFinished(() => queue.close())
  return { directory: queue.directory, writer: queue.writer }
}

/** In place of core's `queueOf`. */
export function queueOf(count: number, segmentSize = 4096): NewQueue {
  const queue = newQueue({ segmentSize })
  appendNumbered(queue.writer, 0, count)
  return queue
}
