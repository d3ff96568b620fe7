import { type Message, type MessageSource, openObserver, type Place } from '@chronicle-ts/core'
import { type FanInMessage, FanInReader } from '@chronicle-ts/fanin'
import { giveBack } from './give-back.js'
import { isMessageSource, type ReplaySource } from './replay-options.js'

/**
 * The messages of several queues in the order of the fan-in, up to where each queue ended when the history was opened. What writers append meanwhile belongs to the next replay: otherwise
 * its end would depend on when it ran.
 */
export class History {
  readonly #fanIn: FanInReader<MessageSource>
  readonly #owned: MessageSource[] = []
  /** Sequence at which each source has ended. */
  readonly #ends = new Map<string, number>()
  /** The lowest of them: a message below it belongs to the history, whichever source it is from. */
  #lowestEnd = Number.POSITIVE_INFINITY
  #failure: { readonly error: unknown } | undefined

  constructor(sources: Readonly<Record<string, ReplaySource>>, from: Place | undefined) {
    this.#fanIn = new FanInReader<MessageSource>({
      // Both bounds would compare recorded times with the machine's clock.
      holdBackMs: Number.POSITIVE_INFINITY,
      retryFailures: false,
      onSourceError: ({ error }) => {
        this.#failure ??= { error }
      },
    })
    try {
      for (const [key, source] of Object.entries(sources)) this.#add(key, source, from)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Returns the next message, valid until the next call; `undefined` at the end. @throws what a source throws, at each call from then on. */
  next(): FanInMessage<Message> | undefined {
    for (;;) {
      const delivery = this.#fanIn.next()
      if (this.#failure !== undefined) throw this.#failure.error
      if (delivery === undefined) return undefined
      const { sequence } = delivery.message
      if (sequence < this.#lowestEnd || sequence < (this.#ends.get(delivery.key) ?? 0)) return delivery
      this.#giveBack(delivery)
    }
  }

  /** @param unhandled the last message, when it was not handled. */
  close(unhandled?: FanInMessage<Message>): void {
    if (unhandled !== undefined) this.#giveBack(unhandled)
    this.#fanIn.close()
    for (const source of this.#owned) source.close()
  }

  /** Takes the source of a message out, which stands before that message again. */
  #giveBack({ key, message }: FanInMessage<Message>): void {
    const source = this.#fanIn.remove(key)
    if (source !== undefined) giveBack(source, message)
  }

  #add(key: string, given: ReplaySource, from: Place | undefined): void {
    const source = this.#open(given)
    const end = endOf(source)
    this.#ends.set(key, end)
    this.#lowestEnd = Math.min(this.#lowestEnd, end)
    if (from !== undefined) source.seek(from)
    this.#fanIn.add(key, source)
  }

  #open(given: ReplaySource): MessageSource {
    if (isMessageSource(given)) return given
    const source = openObserver(given)
    this.#owned.push(source)
    return source
  }
}

/** Sequence of the message that the queue's writer appends next. A damaged queue of the base format does not say it: then the end is where reading ends. */
function endOf(source: MessageSource): number {
  using end = openObserver(source.directory, { start: 'latest' })
  return end.nextSequence < 0 ? Number.POSITIVE_INFINITY : end.nextSequence
}
