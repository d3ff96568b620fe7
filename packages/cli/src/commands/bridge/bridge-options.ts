import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { connectNats, connectPersistently, type NatsOptions, type SessionNote, type StreamNames } from '@chronicle-ts/bridge'
import { isQueueError } from '@chronicle-ts/core'
import { fromSystemError } from '@chronicle-ts/core/internal'
import type { CommandContext } from '../../command-context.js'

/** The options of `bridge`, as they are given. */
export interface BridgeOptions {
  readonly to?: string
  readonly from?: string
  readonly queueId?: string
  readonly name?: string
  readonly reader: string
  readonly holdUntil?: 'stream' | 'sink'
  readonly once?: boolean
  readonly fromSequence?: number
  readonly follow?: boolean
  readonly stream?: string
  readonly subject?: string
  readonly streamReplicas?: number
  readonly streamMaxBytes?: number
  readonly sink?: readonly string[]
  readonly compression?: 'none' | 'zstd'
  readonly creds?: string
  readonly nkey?: string
  readonly user?: string
  readonly passwordFile?: string
  readonly tokenFile?: string
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly yes?: boolean
}

/** Options of an action that needs servers. */
export type ServerOptions = BridgeOptions & { readonly url: string }

type Connection = Awaited<ReturnType<typeof connectNats>>

/** Runs work with a connection, and ends that afterwards. */
export async function withServers<Result>(
  options: ServerOptions,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  return closing(await connectNats(natsOptionsOf(options)), work)
}

/** {@link withServers} that waits for a server. @returns `undefined` when the command was interrupted before there was one. */
export async function withServersInTime<Result>(
  context: CommandContext,
  options: ServerOptions,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result | undefined> {
  const { signal } = context
  try {
    return await closing(await connectPersistently(natsOptionsOf(options), { signal, onNote: noteIn(context) }), work)
  } catch (error) {
    if (signal.aborted && isQueueError(error, 'ERR_SERVER_UNREACHABLE')) return undefined
    throw error
  }
}

async function closing<Result>(connection: Connection, work: (connection: Connection) => Promise<Result>): Promise<Result> {
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}

function natsOptionsOf(options: ServerOptions): NatsOptions {
  const { url, creds, nkey, user, passwordFile, tokenFile, tlsCa, tlsCert, tlsKey } = options
  const tls = {
    ...(tlsCa !== undefined && { caFile: tlsCa }),
    ...(tlsCert !== undefined && { certFile: tlsCert }),
    ...(tlsKey !== undefined && { keyFile: tlsKey }),
  }
  return {
    servers: url.split(','),
    ...(creds !== undefined && { credentialsFile: creds }),
    ...(nkey !== undefined && { nkeyFile: nkey }),
    ...(user !== undefined && { user }),
    ...(passwordFile !== undefined && { password: secretOf(passwordFile) }),
    ...(tokenFile !== undefined && { token: secretOf(tokenFile) }),
    ...(Object.keys(tls).length > 0 && { tls }),
  }
}

/** Secrets are in files: a command line is seen by every user of the machine. */
function secretOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw fromSystemError(error, { path })
  }
}

export function namesOf({ stream, subject }: BridgeOptions): StreamNames {
  return { ...(stream !== undefined && { stream }), ...(subject !== undefined && { subject }) }
}

/** The name of this sink; that of the host by default. */
export function sinkNameOf({ name }: Pick<BridgeOptions, 'name'>): string {
  return asSinkName(name ?? hostname())
}

/** The sinks that a push waits for, by the names that {@link sinkNameOf} gives them. */
export function sinkNamesOf({ sink }: Pick<BridgeOptions, 'sink'>): string[] | undefined {
  return sink?.map(asSinkName)
}

/** One that a consumer of NATS may have. */
function asSinkName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '_')
}

/** Logs sessions that ended, and are followed by another one. */
export function noteIn({ log }: CommandContext): (note: SessionNote) => void {
  return ({ error, attempt }) => log.warn({ attempt }, `${error instanceof Error ? error.message : String(error)}; trying again`)
}
