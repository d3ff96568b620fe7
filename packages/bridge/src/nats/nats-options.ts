import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import { InvalidArgumentError, isQueueError } from '@chronicle-ts/core'
import { CALLBACK, checkOptions, checkSignal, fromSystemError, type OptionNames, TEXT } from '@chronicle-ts/core/internal'
import { credsAuthenticator, type NatsConnection, type NodeConnectionOptions, nkeyAuthenticator } from '@nats-io/transport-node'
import { Backoff, Outage } from './backoff.js'
import { connectWithMessages } from './message-transport.js'
import type { SessionNote } from './passing.js'
import { fromServerError } from './refusals.js'

/** How a NATS server is reached. */
export interface NatsOptions {
  /** `nats://host:port` or `tls://host:port`; several, to choose from. With `tls:` in one of them no connection is made without TLS. Default port: 4222. */
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

const NAMES: OptionNames<NatsOptions> = {
  servers: true,
  credentialsFile: TEXT,
  nkeyFile: TEXT,
  token: TEXT,
  user: TEXT,
  password: TEXT,
  tls: true,
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
/** Without a scheme it is `nats:`. */
const SERVER = /^(?:(?:nats|tls):\/\/)?[^/]+\/?$/
/** The host of a server, in brackets where it is an address of IPv6. */
const ADDRESS = /^(?:\w+:\/\/)?\[?([^\]/]+?)\]?(?::\d+)?$/
/** A seed: base 32, and begins with S. */
const SEED_LINE = /^\s*(S[A-Z2-7]{50,})\s*$/m

/**
 * Connects. A connection that is lost later is made again, for as long as it takes, in growing intervals.
 *
 * @throws `ERR_SERVER_REFUSED` when credentials, certificate or settings do not fit; `ERR_SERVER_UNREACHABLE` when no server answers; errors of the files that the options name.
 */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  checkOptions(options, NAMES)
  if (options.tls !== undefined) checkOptions(options.tls, { caFile: true, certFile: true, keyFile: true }, 'tls')
  checkTogether(options)
  const servers = serversOf(options)
  const outage = new Outage()
  const settings = { ...settingsOf(options, servers), servers, reconnectDelayHandler: () => outage.pauseMs() }
  try {
    const connection = await connectWithMessages(settings)
    void follow(connection, outage)
    return connection
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL') throw notServers(options.servers)
    throw fromServerError(error, servers.join(','))
  }
}

/** {@link connectNats} that waits for a server. @throws as {@link connectNats}, but `ERR_SERVER_UNREACHABLE` only when the signal aborts. */
export async function connectPersistently(options: NatsOptions, persistent: PersistentOptions): Promise<NatsConnection> {
  checkOptions(persistent, { signal: true, onNote: CALLBACK })
  const { signal, onNote } = persistent
  checkSignal(signal)
  if (signal === undefined) throw new InvalidArgumentError({ argument: 'signal', value: signal, expected: 'an AbortSignal' })
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

/** Options that need another one, and those of which a connection has one. */
function checkTogether(options: NatsOptions): void {
  const { user, password, tls } = options
  const ways = (['credentialsFile', 'nkeyFile', 'token', 'user'] as const).filter((name) => options[name] !== undefined)
  if (ways[1] !== undefined) refuse(ways[1], `no second way to sign in: ${ways[0]} is one`)
  if (password !== undefined && user === undefined) refuse('password', 'user beside it')
  if ((tls?.certFile === undefined) !== (tls?.keyFile === undefined))
    refuse(tls?.certFile === undefined ? 'tls.keyFile' : 'tls.certFile', 'both certFile and keyFile')
}

/** Without the value, which may be a secret. */
function refuse(argument: string, expected: string): never {
  throw new InvalidArgumentError({ argument, value: 'not shown', expected })
}

async function follow(connection: NatsConnection, outage: Outage): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') outage.begin()
    if (type === 'reconnect') outage.end()
  }
}

function serversOf({ servers }: NatsOptions): string[] {
  const list: readonly unknown[] = Array.isArray(servers) ? servers : [servers]
  if (list.length > 0 && list.every((server) => typeof server === 'string' && SERVER.test(server))) return [...list] as string[]
  throw notServers(servers)
}

function notServers(value: unknown): InvalidArgumentError {
  return new InvalidArgumentError({ argument: 'servers', value, expected: 'nats:// or tls:// and a host, or several of them' })
}

function settingsOf(
  { credentialsFile, nkeyFile, token, user, password, tls }: NatsOptions,
  servers: readonly string[],
): NodeConnectionOptions {
  const settings: NodeConnectionOptions = {
    name: 'chronicle-ts bridge',
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxReconnectAttempts: -1,
    // Two stacks would be captured for each frame, a sixth of what a push takes of the CPU.
    noAsyncTraces: true,
  }
  if (credentialsFile !== undefined) settings.authenticator = credsAuthenticator(() => readCredentials(credentialsFile))
  if (nkeyFile !== undefined) settings.authenticator = nkeyAuthenticator(() => readSeed(nkeyFile))
  if (token !== undefined) settings.token = token
  if (user !== undefined) settings.user = user
  if (password !== undefined) settings.pass = password
  // The client takes the scheme for a name only, and would sign in without TLS where a server has none.
  if (tls !== undefined || servers.some((server) => server.startsWith('tls:')))
    settings.tls = { ...tls, ...identityCheck(servers) }
  // What is wrong with a file is reported before a server is asked.
  if (credentialsFile !== undefined) readCredentials(credentialsFile)
  if (nkeyFile !== undefined) readSeed(nkeyFile)
  for (const path of [tls?.caFile, tls?.certFile, tls?.keyFile]) if (path !== undefined) readSecret(path)
  return settings
}

/** The client gives TLS no name for a server that is named by its address, and so no certificate would fit. It must be that of one of the addresses that were given. */
function identityCheck(servers: readonly string[]): Pick<ConnectionOptions, 'checkServerIdentity'> {
  const addresses = servers.map((server) => ADDRESS.exec(server)?.[1] ?? '').filter((host) => isIP(host) !== 0)
  if (addresses.length === 0) return {}
  return {
    checkServerIdentity: (host, certificate) => {
      const fault = checkServerIdentity(host, certificate)
      const fits = addresses.some((address) => checkServerIdentity(address, certificate) === undefined)
      return fits ? undefined : fault
    },
  }
}

/** The line with the seed: `nk -gen user` writes it alone, and people add comments. */
function readSeed(path: string): Uint8Array {
  const seed = SEED_LINE.exec(readSecret(path).toString('latin1'))?.[1]
  if (seed !== undefined) return Buffer.from(seed, 'latin1')
  throw new InvalidArgumentError({ argument: 'nkeyFile', value: path, expected: 'a file with the seed of an nkey' })
}

function readCredentials(path: string): Uint8Array {
  const bytes = readSecret(path)
  const text = bytes.toString('latin1')
  if (text.includes('BEGIN NATS USER JWT') && SEED_LINE.test(text)) return bytes
  throw new InvalidArgumentError({
    argument: 'credentialsFile',
    value: path,
    expected: 'a file with credentials, as nsc writes it',
  })
}

function readSecret(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw fromSystemError(error, { path })
  }
}
