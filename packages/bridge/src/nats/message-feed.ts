import type { JetStreamClient } from '@nats-io/jetstream'
import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from '@nats-io/transport-node'
import { FedMessage } from './fed-message.js'

/**
 * Messages that the server sends ahead: 8 MiB of full frames. Not a number of bytes: client and server count these differently, and a client whose request ended by the server's count waits for a missing
 * heartbeat.
 */
export const AHEAD_MESSAGES = 16
/** Asked for together, so that a short frame does not cost a request. */
const ASKED_AT_ONCE = AHEAD_MESSAGES / 2
/** How often a server says that it is there while it has no message. */
const HEARTBEAT_MS = 2000
/** Intervals in which nothing came and the session does not count as lost. */
const SILENT_INTERVALS_MAX = 2
/** How long a request stays with the server. The next one follows at once. */
const REQUEST_MS = 30_000

/** What the server answers instead of a message. */
const STATUS_HEARTBEAT = 100
const STATUS_TIMEOUT = 408
const LEFT_FIELD = 'Nats-Pending-Messages'

/** Where the messages come from. */
interface Origin {
  readonly connection: NatsConnection
  readonly client: Pick<JetStreamClient, 'apiPrefix'>
  /** Of the stream. */
  readonly name: string
}

/**
 * The messages of a consumer: at most {@link AHEAD_MESSAGES} are here or asked for. While none is taken, the rest stays in the server. The client's own `consume` has no such bound, because it asks again
 * whenever it has heard nothing for a while, also while nothing is taken.
 */
export class MessageFeed {
  readonly #connection: NatsConnection
  readonly #requestSubject: string
  readonly #inbox = createInbox()
  readonly #subscription: Subscription
  readonly #watching: NodeJS.Timeout
  readonly #waiting: FedMessage[] = []
  /** Asked for, and not here yet. */
  #asked = 0
  #silentIntervals = 0
  #isClosed = false
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor({ connection, client, name }: Origin, consumer: string) {
    this.#connection = connection
    this.#requestSubject = `${client.apiPrefix}.CONSUMER.MSG.NEXT.${name}.${consumer}`
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error === null) this.#came(message)
        else this.fail(error)
      },
    })
    this.#watching = setInterval(() => this.#watch(), HEARTBEAT_MS)
    this.#ask()
  }

  /** Waits for the next message. @returns `undefined` after {@link close}. @throws why the feed failed. */
  async next(): Promise<FedMessage | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#isClosed) return undefined
      const message = this.#waiting.shift()
      if (message !== undefined) {
        this.#ask()
        return message
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Ends the feed with an error. */
  fail(error: Error): void {
    this.#failure ??= error
    this.close()
  }

  /** Ends the feed. Messages that were not taken count as not delivered for the next consumer. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#watching)
    this.#subscription.unsubscribe()
    this.#wake?.()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #ask(): void {
    const batch = AHEAD_MESSAGES - this.#asked - this.#waiting.length
    if (batch < ASKED_AT_ONCE || this.#isClosed) return
    this.#asked += batch
    const request = { batch, expires: nanos(REQUEST_MS), idle_heartbeat: nanos(HEARTBEAT_MS) }
    this.#connection.publish(this.#requestSubject, JSON.stringify(request), { reply: this.#inbox })
  }

  #came(message: Msg): void {
    this.#silentIntervals = 0
    if (message.subject === this.#inbox) this.#answered(message)
    else {
      this.#asked--
      this.#waiting.push(new FedMessage(message, this.#connection))
      this.#wake?.()
    }
  }

  /** A request whose time is over says how many messages it still asked for. Any other answer means that none come: the consumer, its leader or the server is gone. */
  #answered({ headers }: Msg): void {
    const code = headers?.code
    if (code === STATUS_HEARTBEAT) return
    if (code === STATUS_TIMEOUT) {
      this.#asked -= Number(headers?.get(LEFT_FIELD))
      this.#ask()
    } else this.fail(new Error(`the consumer ended: ${code} ${headers?.description}`))
  }

  /** A consumer whose server is gone sends nothing, for as long as that takes. Intervals are counted, so that a process which was stopped does not blame the server. */
  #watch(): void {
    if (this.#asked > 0 && ++this.#silentIntervals > SILENT_INTERVALS_MAX) this.fail(new Error('the consumer is silent'))
  }
}
