import type { Msg, MsgHdrs } from '@nats-io/transport-node'

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<sequence of the consumer>.<time>.<pending>` */
const ACK_TOKENS = 9
/** Servers may put a domain and the hash of an account before the stream, and something at the end. */
const ACK_TOKENS_BEFORE = 2
const SEQUENCE_TOKEN = 5
const PENDING_TOKEN = 8

const ACKNOWLEDGED = '+ACK'

/** A message of a stream, as a consumer brings it: what the subject says to which it is acknowledged. */
export class FedMessage {
  /** Of the stream. */
  readonly sequence: number
  /** Messages that the stream has after this one. */
  readonly pending: number
  readonly #message: Msg

  constructor(message: Msg) {
    const tokens = (message.reply ?? '').split('.')
    const before = tokens.length > ACK_TOKENS ? ACK_TOKENS_BEFORE : 0
    this.sequence = Number(tokens[before + SEQUENCE_TOKEN])
    this.pending = Number(tokens[before + PENDING_TOKEN])
    this.#message = message
  }

  get headers(): MsgHdrs | undefined {
    return this.#message.headers
  }

  get data(): Uint8Array {
    return this.#message.data
  }

  /** Acknowledges it, and every message before it. */
  ack(): void {
    this.#message.respond(ACKNOWLEDGED)
  }
}
