import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isQueueError } from '@chronicle-ts/core'
import { fromSystemError } from '@chronicle-ts/core/internal'
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from '@nats-io/transport-node'
import { Backoff, Outage } from './backoff.js'
import type { SessionNote } from './passing.js'
import { fromServerError } from './refusals.js'

/** How a NATS server is reached. */
export interface NatsOptions {
  /** `nats://host:port` or `tls://host:port`; several, to choose from. */
  readonly servers: string | readonly string[]
  /** File with credentials, as `nsc` writes it. Read again for each connection. */
  readonly credentialsFile?: string
  /** File with the seed of an nkey. Read again for each connection. */
  readonly nkeyFile?: string
  readonly token?: string
  readonly user?: string
  readonly password?: string
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string }
}

/** Tries again until a server is there. */
export interface PersistentOptions {
  /** Ends the trying. */
  readonly signal: AbortSignal
  readonly onNote?: ((note: SessionNote) => void) | undefined
}

/** Time that a connection may take. */
const CONNECT_TIMEOUT_MS = 5000
/** Requests to a server that hangs as a machine does are noticed after two of them. */
const PING_INTERVAL_MS = 10_000

/**
 * Connects. A connection that is lost later is made again, for as long as it takes, in growing intervals.
 *
 * @throws `ERR_SERVER_REFUSED` when credentials, certificate or settings do not fit; `ERR_SERVER_UNREACHABLE` when no server answers; errors of the files that the options name.
 */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  const servers = typeof options.servers === 'string' ? [options.servers] : [...options.servers]
  const outage = new Outage()
  const settings = { ...settingsOf(options), servers, reconnectDelayHandler: () => outage.pauseMs() }
  try {
    const connection = await connect(settings)
    void follow(connection, outage)
    return connection
  } catch (error) {
    throw fromServerError(error, servers.join(','))
  }
}

/** {@link connectNats} that waits for a server. @throws as {@link connectNats}, but `ERR_SERVER_UNREACHABLE` only when the signal aborts. */
export async function connectPersistently(options: NatsOptions, { signal, onNote }: PersistentOptions): Promise<NatsConnection> {
  const backoff = new Backoff()
  for (let attempt = 1; ; attempt++) {
    try {
      return await connectNats(options)
    } catch (error) {
      if (!isQueueError(error, 'ERR_SERVER_UNREACHABLE') || signal.aborted) throw error
      onNote?.({ error, attempt })
      await sleep(backoff.nextMs(), undefined, { signal }).catch(() => undefined)
    }
  }
}

async function follow(connection: NatsConnection, outage: Outage): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') outage.begin()
    if (type === 'reconnect') outage.end()
  }
}

function settingsOf({ credentialsFile, nkeyFile, token, user, password, tls }: NatsOptions): NodeConnectionOptions {
  const settings: NodeConnectionOptions = {
    name: 'chronicle-ts bridge',
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxReconnectAttempts: -1,
  }
  if (credentialsFile !== undefined) settings.authenticator = credsAuthenticator(() => readSecret(credentialsFile))
  if (nkeyFile !== undefined) settings.authenticator = nkeyAuthenticator(() => seedOf(readSecret(nkeyFile)))
  if (token !== undefined) settings.token = token
  if (user !== undefined) settings.user = user
  if (password !== undefined) settings.pass = password
  if (tls !== undefined) settings.tls = { ...tls }
  // What is wrong with a file is reported before a server is asked.
  for (const path of [credentialsFile, nkeyFile, tls?.caFile, tls?.certFile, tls?.keyFile])
    if (path !== undefined) readSecret(path)
  return settings
}

/** The line with the seed: `nk -gen user` writes it alone, and people add comments. */
function seedOf(bytes: Uint8Array): Uint8Array {
  const line = Buffer.from(bytes)
    .toString('latin1')
    .split('\n')
    .map((text) => text.trim())
    .find((text) => /^S[A-Z2-7]{50,}$/.test(text))
  return Buffer.from(line ?? '', 'latin1')
}

function readSecret(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw fromSystemError(error, { path })
  }
}
