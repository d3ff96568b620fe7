import { readFileSync } from 'node:fs'
import { checkOptions, fromSystemError, type OptionNames } from '@chronicle-ts/core/internal'
import { connect, credsAuthenticator, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node'

/** How a NATS server is reached. */
export interface NatsOptions {
  /** `nats://host:port` or `tls://host:port`; several, to choose from. */
  readonly servers: string | readonly string[]
  /** File with credentials, as `nsc` writes it. */
  readonly credentialsFile?: string
  readonly token?: string
  readonly user?: string
  readonly password?: string
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string }
}

const NAMES: OptionNames<NatsOptions> = {
  servers: true,
  credentialsFile: true,
  token: true,
  user: true,
  password: true,
  tls: true,
}

/** Time that the first connection may take. Later ones are tried without a limit. */
const CONNECT_TIMEOUT_MS = 5000
const RECONNECT_WAIT_MS = 250

/** Connects. A connection that is lost later is made again, for as long as it takes. @throws what the client throws when the first attempt fails. */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  checkOptions(options, NAMES)
  if (options.tls !== undefined) checkOptions(options.tls, { caFile: true, certFile: true, keyFile: true }, 'tls')
  const { servers, credentialsFile, token, user, password, tls } = options
  const settings: NodeConnectionOptions = {
    servers: typeof servers === 'string' ? servers : [...servers],
    name: 'chronicle-ts bridge',
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
  }
  if (credentialsFile !== undefined) settings.authenticator = credsAuthenticator(readCredentials(credentialsFile))
  if (token !== undefined) settings.token = token
  if (user !== undefined) settings.user = user
  if (password !== undefined) settings.pass = password
  if (tls !== undefined) settings.tls = { ...tls }
  return await connect(settings)
}

function readCredentials(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw fromSystemError(error, { path })
  }
}
