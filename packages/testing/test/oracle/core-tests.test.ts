import { vi } from 'vitest'

/** Core's own tests of queues, unchanged, over queues in memory: what they say of a queue holds for one of `memoryQueue`. */
vi.mock('../../../core/test/support/new-queue.js', async (importOriginal) => {
  const { newQueue, queueOf } = await import('./queues-in-memory.js')
  return { ...(await importOriginal<object>()), newQueue, queueOf }
})

await import('../../../core/src/reader/follow.test.js')
await import('../../../core/src/reader/queue-reader.test.js')
await import('../../../core/src/reader/record-cursor.test.js')
await import('../../../core/src/reader/seek-by-time.test.js')
await import('../../../core/src/reader/lost-messages.test.js')
await import('../../../core/src/retention/retention.test.js')
await import('../../../core/src/writer/callbacks.test.js')
await import('../../../core/src/writer/claim.test.js')
