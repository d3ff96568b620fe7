import { Readable } from 'node:stream'
import type { MessageCopy } from './message-copy.js'
import type { MessageSource } from './message-source.js'

export interface StreamOptions {
  /** Ends the stream. */
  readonly signal?: AbortSignal
  /** Messages read ahead of the consumer. Default 16. */
  readonly highWaterMark?: number
}

/**
 * A Node.js stream of the source's messages from here on, in object mode. Each is a copy, because a stream reads ahead; backpressure stops the reading. Destroying the
 * stream leaves the source open. Committing is up to the consumer: `source.commit()` would also count what is still in the stream's buffer, so use a buffer of one
 * (`highWaterMark: 1`) or dedupe by sequence.
 */
export function toReadable(source: MessageSource, options: StreamOptions = {}): Readable {
  const ended = new AbortController()
  const signal = options.signal === undefined ? ended.signal : AbortSignal.any([options.signal, ended.signal])
  return Readable.from(endedBy(ended, copies(source, signal)), { highWaterMark: options.highWaterMark ?? 16 })
}

/** A generator that waits is deaf to `return()`, and a stream tells that it is closed only behind that: so the wait is ended first, or neither would ever end. */
function endedBy(ended: AbortController, messages: AsyncGenerator<MessageCopy, void, void>): AsyncIterableIterator<MessageCopy> {
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => messages.next(),
    return: () => {
      ended.abort()
      return messages.return()
    },
  }
}

/** {@link toReadable} as a web stream; cancelling it leaves the source open. */
export function toReadableStream(source: MessageSource, options: StreamOptions = {}): ReadableStream<MessageCopy> {
  const ended = new AbortController()
  const signal = options.signal === undefined ? ended.signal : AbortSignal.any([options.signal, ended.signal])
  const messages = copies(source, signal)
  return new ReadableStream<MessageCopy>(
    {
      async pull(controller) {
        const { value, done } = await messages.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel() {
        ended.abort()
      },
    },
    { highWaterMark: options.highWaterMark ?? 16 },
  )
}

async function* copies(source: MessageSource, signal: AbortSignal): AsyncGenerator<MessageCopy, void, void> {
  for await (const message of source.messages({ signal })) yield message.copy()
}
