import { Readable } from 'node:stream'
import { InvalidArgumentError } from '../errors/index.js'
import { checkOptions, type OptionNames } from '../files/option-names.js'
import { checkSource } from '../wait/wait-for-any.js'
import type { MessageCopy } from './message-copy.js'
import type { MessageSource } from './message-source.js'

export interface StreamOptions {
  /** Ends the stream, as it ends an iterator. One signal may serve any number of streams. */
  readonly signal?: AbortSignal | undefined
  /** Messages read ahead of the consumer. Default 16. */
  readonly highWaterMark?: number
}

/** Messages read ahead by default. */
const HIGH_WATER_MARK = 16

const STREAM_NAMES: OptionNames<StreamOptions> = { signal: true, highWaterMark: true }

/** Reads the options of a stream. The iterator checks the signal. @throws {@link InvalidArgumentError} */
function readStreamOptions(options: StreamOptions): { readonly signal: AbortSignal | undefined; readonly highWaterMark: number } {
  checkOptions(options, STREAM_NAMES)
  const { signal, highWaterMark = HIGH_WATER_MARK } = options
  if (!Number.isSafeInteger(highWaterMark) || highWaterMark < 0)
    throw new InvalidArgumentError({
      argument: 'highWaterMark',
      value: highWaterMark,
      expected: 'a number of messages, not negative',
    })
  return { signal, highWaterMark }
}

/**
 * A Node.js stream of the source's messages from here on, in object mode. Each is a copy, because a stream reads ahead; backpressure stops the reading. Destroying the
 * stream leaves the source open. Committing is up to the consumer: `source.commit()` would also count what is still in the stream's buffer, so commit through the
 * message that is done (`reader.commitThrough(message)`).
 *
 * The rules are those of `source.messages()`: the stream ends when the signal aborts or the source is closed, and fails when reading fails.
 */
export function toReadable(source: MessageSource, options: StreamOptions = {}): Readable {
  checkSource('source', source)
  const { signal, highWaterMark } = readStreamOptions(options)
  const messages = source.messages({ signal })
  return new Readable({
    objectMode: true,
    highWaterMark,
    read() {
      messages.next().then(
        ({ value, done }) => {
          if (done) this.push(null)
          else if (this.push(value.copy())) pushMore(this, source)
        },
        (error: Error) => this.destroy(error),
      )
    },
    destroy(error, closed) {
      messages.return(undefined).then(() => closed(error), closed)
    },
  })
}

/** What is there already, as far as the stream takes it: no promise for each. What reading throws is thrown again by the iterator, at its next turn. */
function pushMore(readable: Readable, source: MessageSource): void {
  try {
    for (let room = readable.readableHighWaterMark - readable.readableLength; room > 0; room--) {
      const message = source.closed ? undefined : source.next()
      if (message === undefined || !readable.push(message.copy())) return
    }
  } catch {
    // The position did not move.
  }
}

/** {@link toReadable} as a web stream; cancelling it leaves the source open. */
export function toReadableStream(source: MessageSource, options: StreamOptions = {}): ReadableStream<MessageCopy> {
  checkSource('source', source)
  const { signal, highWaterMark } = readStreamOptions(options)
  const messages = source.messages({ signal })
  return new ReadableStream<MessageCopy>(
    {
      async pull(controller) {
        const { value, done } = await messages.next()
        if (done) controller.close()
        else {
          controller.enqueue(value.copy())
          enqueueMore(controller, source)
        }
      },
      async cancel() {
        await messages.return(undefined)
      },
    },
    { highWaterMark },
  )
}

function enqueueMore(controller: ReadableStreamDefaultController<MessageCopy>, source: MessageSource): void {
  try {
    while ((controller.desiredSize ?? 0) > 0) {
      const message = source.closed ? undefined : source.next()
      if (message === undefined) return
      controller.enqueue(message.copy())
    }
  } catch {
    // The position did not move.
  }
}
