import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node'
import { giveBackBuffer } from './body-buffers.js'

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<sequence of the consumer>.<time>.<pending>` */
const ACK_TOKENS = 9
/** Servers may put a domain and the hash of an account before the stream, and something at the end. */
const ACK_TOKENS_BEFORE = 2
const SEQUENCE_TOKEN = 5
const PENDING_TOKEN = 8

const ACKNOWLEDGED = '+ACK'
const NOTHING = new Uint8Array(0)

/** A message of a stream, as a consumer brings it: what the subject says to which it is acknowledged. */
export class FedMessage {
  /** Of the stream. */
  readonly sequence: number
  /** Messages that the stream has after this one. */
  readonly pending: number
  /** Bytes of its body. */
  readonly length: number
  readonly #connection: Pick<NatsConnection, 'publish'>
  readonly #reply: string
  #message: Msg | undefined

  constructor(message: Msg, connection: Pick<NatsConnection, 'publish'>) {
    this.#reply = message.reply ?? ''
    const tokens = this.#reply.split('.')
    const before = tokens.length > ACK_TOKENS ? ACK_TOKENS_BEFORE : 0
    this.sequence = Number(tokens[before + SEQUENCE_TOKEN])
    this.pending = Number(tokens[before + PENDING_TOKEN])
    this.length = message.data.length
    this.#connection = connection
    this.#message = message
  }

  get headers(): MsgHdrs | undefined {
    return this.#message?.headers
  }

  /** Empty after {@link release}. */
  get data(): Uint8Array {
    return this.#message?.data ?? NOTHING
  }

  /** Ends the use of header and body: their memory is that of the next message. It can be acknowledged afterwards. */
  release(): void {
    const { data } = this
    this.#message = undefined
    giveBackBuffer(data)
  }

  /** Acknowledges it, and every message before it. */
  ack(): void {
    this.#connection.publish(this.#reply, ACKNOWLEDGED)
  }
}
