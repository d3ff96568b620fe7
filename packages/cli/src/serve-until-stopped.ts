import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { notifyService } from '@chronicle-ts/core/internal'
import { InvalidArgumentError } from 'commander'
import type { CommandContext } from './command-context.js'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Where a server listens now. */
export interface Listening {
  /** What a browser asks for, without a path. */
  readonly origin: string
  /** The port; where 0 was asked for, the one that the kernel chose. */
  readonly port: number
}

/** `host:port`; a bare port is one of loopback. */
export function parseListenOption(text: string): ListenAddress {
  const match = /^(?:(\[[0-9a-f:.]+\]|[^:\s[\]]+):)?(\d{1,5})$/i.exec(text)
  const port = match === null ? Number.NaN : Number(match[2])
  if (!(port <= 65_535)) throw new InvalidArgumentError('expected an address such as 127.0.0.1:9464')
  return { host: (match?.[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}

/** Serves until the command is interrupted, and notifies the service manager. `announce` prints the address, before any request is answered. */
export async function serveUntilStopped(
  { output, signal }: CommandContext,
  server: Server,
  { host, port }: ListenAddress,
  announce: (listening: Listening) => void,
): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening')
  const { port: actual } = server.address() as AddressInfo
  announce({ origin: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`, port: actual })
  output.flush()
  notifyService('READY=1')
  if (!signal.aborted) await once(signal, 'abort')
  notifyService('STOPPING=1')
  server.close()
  server.closeAllConnections()
}
