import { InvalidArgumentError, isQueueError, ServerRefusedError, ServerUnreachableError } from '@chronicle-ts/core'
import { checkMembers } from '@chronicle-ts/core/internal'
import { JetStreamApiError } from '@nats-io/jetstream'
import { errors, type NatsConnection } from '@nats-io/transport-node'

/** Codes of the server that no second try changes: JetStream is not enabled for the account. The configuration of a stream is invalid, overlaps with another one, or needs a cluster. */
const PERMANENT = new Set([10_039, 10_052, 10_058, 10_065, 10_074])

/** Beginnings of the codes with which Node.js reports a TLS handshake that failed. */
const TLS_CODE = /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|HOSTNAME_MISMATCH|EPROTO)/

/**
 * Converts an error of the client into that of a queue: `ERR_SERVER_REFUSED` when another try cannot succeed, `ERR_SERVER_UNREACHABLE` otherwise. Errors of queues, and those of programming, come back as
 * they are: throw the result.
 */
export function fromServerError(error: unknown, server: string): unknown {
  if (isQueueError(error) || isOfProgramming(error)) return error
  const detail = error instanceof Error ? error.message : String(error)
  const facts = { server, detail }
  return isRefusal(error) ? new ServerRefusedError(facts, { cause: error }) : new ServerUnreachableError(facts, { cause: error })
}

/** Asks a server once. @throws what {@link fromServerError} makes of the client's error, or of its reason for giving the connection up. */
export async function asking<Result>(connection: NatsConnection, work: () => Promise<Result>): Promise<Result> {
  checkMembers('connection', connection, ['getServer', 'status'], 'a connection of connectNats')
  try {
    return await work()
  } catch (error) {
    throw await finalErrorOf(error, connection)
  }
}

/** A connection that the client has given up says why: the server refused it. */
export async function finalErrorOf(error: unknown, connection: NatsConnection): Promise<unknown> {
  const server = connection.getServer()
  const reason = connection.isClosed() ? await connection.closed() : undefined
  return fromServerError(reason instanceof Error ? reason : error, server)
}

/** Whether the server, or TLS, said that it will not have this client or what it asks for. */
function isRefusal(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (
      cause instanceof errors.AuthorizationError ||
      cause instanceof errors.UserAuthenticationExpiredError ||
      cause instanceof errors.PermissionViolationError ||
      cause instanceof errors.InvalidArgumentError
    )
      return true
    // TLS, where the server has none.
    if (cause instanceof errors.ConnectionError && cause.message.includes('does not support')) return true
    if (cause instanceof JetStreamApiError && PERMANENT.has(cause.code)) return true
    if ('code' in cause && typeof cause.code === 'string' && TLS_CODE.test(cause.code)) return true
  }
  return false
}

function isOfProgramming(error: unknown): boolean {
  return !(error instanceof Error) || error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
}

/** @throws {@link InvalidArgumentError} naming what the stream should be */
export function unusableStream(name: string, expected: string): InvalidArgumentError {
  return new InvalidArgumentError({ argument: 'stream', value: name, expected })
}
