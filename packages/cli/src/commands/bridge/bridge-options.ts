import { hostname } from 'node:os'
import { connectNats, type NatsOptions, type SessionNote, type StreamNames } from '@chronicle-ts/bridge'
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
  readonly creds?: string
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly yes?: boolean
}

/** Options of an action that needs servers. */
export type ServerOptions = BridgeOptions & { readonly url: string }

/** Runs work with a connection, and ends that afterwards. */
export async function withServers<Result>(
  options: ServerOptions,
  work: (connection: Awaited<ReturnType<typeof connectNats>>) => Promise<Result>,
): Promise<Result> {
  const connection = await connectNats(natsOptionsOf(options))
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}

function natsOptionsOf({ url, creds, tlsCa, tlsCert, tlsKey }: ServerOptions): NatsOptions {
  const tls = {
    ...(tlsCa !== undefined && { caFile: tlsCa }),
    ...(tlsCert !== undefined && { certFile: tlsCert }),
    ...(tlsKey !== undefined && { keyFile: tlsKey }),
  }
  return {
    servers: url.split(','),
    ...(creds !== undefined && { credentialsFile: creds }),
    ...(Object.keys(tls).length > 0 && { tls }),
  }
}

export function namesOf({ stream, subject }: BridgeOptions): StreamNames {
  return { ...(stream !== undefined && { stream }), ...(subject !== undefined && { subject }) }
}

/** A name that a consumer of NATS may have. */
export function sinkNameOf({ name }: BridgeOptions): string {
  return (name ?? hostname()).replaceAll(/[^A-Za-z0-9_-]/g, '_')
}

/** Logs sessions that ended, and are followed by another one. */
export function noteIn({ log }: CommandContext): (note: SessionNote) => void {
  return ({ error, attempt }) => log.warn({ attempt }, `${error instanceof Error ? error.message : String(error)}; trying again`)
}
