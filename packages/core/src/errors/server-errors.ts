import { QueueError } from './queue-error.js'

/** A server that carries queues between hosts does not accept this client: credentials, certificates, permissions or its settings are wrong. */
export class ServerRefusedError extends QueueError {
  override readonly name = 'ServerRefusedError'
  override readonly code = 'ERR_SERVER_REFUSED'
  override readonly category = 'usage'
  readonly server: string
  /** What was refused, in the words of the server or of TLS. */
  readonly detail: string

  constructor(facts: { readonly server: string; readonly detail: string }, options?: ErrorOptions) {
    super('The server refuses', { ...facts }, options)
    this.server = facts.server
    this.detail = facts.detail
  }
}

/** A server that carries queues between hosts cannot be reached, or does not answer. */
export class ServerUnreachableError extends QueueError {
  override readonly name = 'ServerUnreachableError'
  override readonly code = 'ERR_SERVER_UNREACHABLE'
  override readonly category = 'retry'
  readonly server: string
  readonly detail: string

  constructor(facts: { readonly server: string; readonly detail: string }, options?: ErrorOptions) {
    super('The server cannot be reached', { ...facts }, options)
    this.server = facts.server
    this.detail = facts.detail
  }
}
