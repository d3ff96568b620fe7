import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openReader, type QueueReader, type WriterMetrics } from '../../src/index.js'
import { Child } from '../support/child.js'
import { readControlFile } from '../support/raw-queue.js'
import { temporaryDirectory } from '../support/temporary.js'

const COUNT = 100

/** A writer of a bounded queue that is blocked, and its one reader, which has read nothing. */
async function blockedWriter(): Promise<{ writer: Child; reader: QueueReader }> {
  const directory = join(temporaryDirectory(), 'queue')
  const writer = new Child('bounded-writer', [directory, COUNT])
  expect(await writer.line()).toBe('ready')
  const reader = openReader(directory, 'r')
  writer.process.stdin?.write('go\n')
  while (readControlFile(directory).writerBlocked === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  return { writer, reader }
}

describe('a writer in another process that is blocked by its limit', () => {
  it('goes on with each segment that its reader leaves, and nothing is lost', async () => {
    const { writer, reader } = await blockedWriter()
    let expected = 0
    while (expected < COUNT) {
      const message = reader.next()
      if (message === undefined) {
        await reader.waitAsync({ timeoutMs: 1000 })
        continue
      }
      expect(message.sequence).toBe(expected)
      expect(message.payload.equals(Buffer.alloc(500, expected))).toBe(true)
      expected++
      reader.commit()
    }
    const metrics = await writer.json<WriterMetrics>()
    expect(metrics.appended).toBe(COUNT)
    expect(metrics.blockedRolls).toBeGreaterThan(0)
    reader.close()
  })

  it('goes on when its only reader leaves without reading, and says that it let it go', async () => {
    const { writer, reader } = await blockedWriter()
    reader.close()
    const metrics = await writer.json<WriterMetrics>()
    expect(metrics).toMatchObject({ appended: COUNT, readersReleased: 1 })
    // Segments are deleted in the background, before the process ends.
    expect(await writer.ended()).toBe(0)
    const lost = expect.objectContaining({ code: 'ERR_DATA_LOST', from: 0 })
    expect(() => openReader(reader.directory, 'r')).toThrowError(lost)
  })
})
