import { JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream'
import type { Frame } from '../frames/frame.js'
import { headersOf, newMessageName } from './frame-message.js'

/** Errors of the server: the message before has another name, or another number. */
const WRONG_LAST_NAME = 10_070
const WRONG_LAST_SEQUENCE = 10_071

/** Where the messages of a chain go. */
interface Target {
  readonly client: JetStreamClient
  /** Of the stream. */
  readonly name: string
  readonly subject: string
}

/**
 * Publishes frames one after the other, without waiting for the answers. Each frame names the message that it must follow, by its number and, within the chain, by its name.
 * The number alone is not enough. When the message of another publisher gets the number of one frame, that frame is refused, and the next one would follow the other
 * publisher's message. That is why each name is used once.
 */
export class FrameChain {
  readonly #target: Target
  #lastSequence: number
  #lastName: string | undefined

  /** @param lastSequence message of the stream that the first frame must follow; 0 for an empty stream */
  constructor(target: Target, lastSequence: number) {
    this.#target = target
    this.#lastSequence = lastSequence
  }

  /** @returns false when the server refused the frame, because another message is in its place or before it. */
  async publish(frame: Frame): Promise<boolean> {
    const { client, name: streamName, subject } = this.#target
    const lastSequence = this.#lastSequence++
    const before = this.#lastName === undefined ? {} : { lastMsgID: this.#lastName }
    const msgID = newMessageName(frame)
    this.#lastName = msgID
    try {
      const headers = headersOf(frame)
      await client.publish(subject, frame.body, { msgID, headers, expect: { streamName, lastSequence, ...before } })
      return true
    } catch (error) {
      if (error instanceof JetStreamApiError && (error.code === WRONG_LAST_SEQUENCE || error.code === WRONG_LAST_NAME))
        return false
      throw error
    }
  }
}
