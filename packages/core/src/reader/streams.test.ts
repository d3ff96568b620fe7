import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendNumbered, range } from '../../test/support/messages.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { type MessageCopy, openReader, openWriter, toReadable, toReadableStream } from '../index.js'

describe('streams', () => {
  it('deliver copies in order, and destroying them leaves the source open', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096 })
    using reader = openReader(directory, 'a')
    appendNumbered(writer, 0, 100)
    const seen: MessageCopy[] = []
    for await (const message of toReadable(reader, { highWaterMark: 1 })) {
      seen.push(message as MessageCopy)
      if (seen.length === 100) break
    }
    expect(seen.map((message) => message.sequence)).toEqual(range(0, 100))
    expect(seen[50]?.payload.readDoubleLE(0)).toBe(50)
    expect(reader.closed).toBe(false)
  })

  it('read ahead no further than the high-water mark', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096 })
    using reader = openReader(directory, 'a')
    appendNumbered(writer, 0, 100)
    const readable = toReadable(reader, { highWaterMark: 4 })
    readable.once('readable', () => undefined)
    for (const _ of range(0, 20)) await new Promise((resolve) => setImmediate(resolve))
    expect(reader.metrics().messages).toBeLessThanOrEqual(6)
    readable.destroy()
  })

  it('web streams deliver the same, wait for more, and end with the signal', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096 })
    using reader = openReader(directory, 'a')
    const ended = new AbortController()
    const stream = toReadableStream(reader, { signal: ended.signal })
    setTimeout(() => appendNumbered(writer, 0, 30), 5)
    const seen: number[] = []
    for await (const message of stream) {
      seen.push(message.sequence)
      if (seen.length === 30) ended.abort()
    }
    expect(seen.slice(0, 30)).toEqual(range(0, 30))
  })
})
