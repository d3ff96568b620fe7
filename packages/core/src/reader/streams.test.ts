import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendNumbered, range } from '../../test/support/messages.js'
import { newQueue } from '../../test/support/new-queue.js'
import { overwrite, segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { RECORD_PAYLOAD_OFFSET } from '../format/index.js'
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

  it.each([undefined, new Error('the consumer failed')])(
    'end at once when they are destroyed while they wait: %o',
    async (reason) => {
      const { directory, writer } = newQueue({})
      using reader = openReader(directory, 'a')
      const readable = toReadable(reader)
      const closed = new Promise((resolve) => readable.once('close', resolve))
      const failed = new Promise((resolve) => readable.once('error', resolve))
      readable.resume()
      await new Promise((resolve) => setTimeout(resolve, 5))
      readable.destroy(reason)
      await closed
      if (reason !== undefined) expect(await failed).toBe(reason)
      appendNumbered(writer, 0, 1)
      expect(reader.next()?.sequence).toBe(0)
      writer.close()
    },
  )

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

  it('end with the signal, and read 16 messages ahead by default', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096 })
    using reader = openReader(directory, 'a')
    appendNumbered(writer, 0, 100)
    const ended = new AbortController()
    const seen: number[] = []
    for await (const message of toReadable(reader, { signal: ended.signal })) {
      seen.push((message as MessageCopy).sequence)
      if (seen.length === 50) ended.abort()
    }
    expect(seen).toEqual(range(0, seen.length))
    expect(seen.length).toBeLessThanOrEqual(50 + 17)
    expect(reader.closed).toBe(false)
  })

  it('web streams leave the source open when they are cancelled, also while they wait', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096 })
    using reader = openReader(directory, 'a')
    appendNumbered(writer, 0, 2)
    const stream = toReadableStream(reader, { highWaterMark: 1 }).getReader()
    expect((await stream.read()).value?.sequence).toBe(0)
    expect((await stream.read()).value?.sequence).toBe(1)
    const waiting = stream.read()
    await stream.cancel()
    expect((await waiting).done).toBe(true)
    appendNumbered(writer, 2, 4)
    reader.seek({ sequence: 2 })
    expect(reader.next()?.sequence).toBe(2)
  })

  it('fail with the error of their source', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096 })
    using reader = openReader(directory, 'a')
    appendNumbered(writer, 0, 2)
    overwrite(segmentFile(directory, 0), 64 + RECORD_PAYLOAD_OFFSET, Buffer.from([0xee]))
    const corrupt = expect.objectContaining({ code: 'ERR_CORRUPT_RECORD', offset: 64 })
    await expect(toReadable(reader).toArray()).rejects.toThrowError(corrupt)
    await expect(toReadableStream(reader).getReader().read()).rejects.toThrowError(corrupt)
  })
})
