import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { overwriteControl, u32 } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_NOTIFY_SEQUENCE_OFFSET, CONTROL_PROGRESS_SEQUENCE_OFFSET } from '../format/index.js'
import { openObserver, openReader, openWriter } from '../index.js'

/** What a word of 32 bits holds behind two thousand million changes, and behind four. */
const OLD_WORDS = [0x7fff_ffff, 0x8000_0000, 0xffff_ffff]

describe('the words that are waited on', () => {
  it.each(OLD_WORDS)('let readers sleep, and wake them, in a queue whose notifySequence is %i', async (word) => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096 })
    overwriteControl(directory, CONTROL_NOTIFY_SEQUENCE_OFFSET, u32(word))
    using reader = openReader(directory, 'r', { wait: 'park' })
    using observer = openObserver(directory)
    expect(reader.wait({ timeoutMs: 2 })).toBe('timeout')
    expect(observer.wait({ timeoutMs: 2 })).toBe('timeout')
    const waiting = reader.waitAsync({ timeoutMs: 30_000 })
    writer.append(1, Buffer.from('x'))
    expect(await waiting).toBe('message')
  })

  it.each(OLD_WORDS)('let a writer wait for room in a queue whose progressSequence is %i', (word) => {
    const directory = join(temporaryDirectory(), 'queue')
    openReader(openedOnce(directory), 'r').close()
    using writer = openWriter(directory, {
      maxSegments: 2,
      backpressure: 'block',
      backpressureTimeoutMs: 5,
      retention: { consumed: true },
    })
    overwriteControl(directory, CONTROL_PROGRESS_SEQUENCE_OFFSET, u32(word))
    const fill = (): void => {
      for (let count = 0; count < 10; count++) writer.append(1, Buffer.alloc(2000))
    }
    expect(fill).toThrowError(expect.objectContaining({ code: 'ERR_QUEUE_FULL' }))
  })
})

function openedOnce(directory: string): string {
  openWriter(directory, { segmentSize: 4096 }).close()
  return directory
}
