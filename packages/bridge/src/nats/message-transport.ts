import { readFileSync } from 'node:fs'
import { connect as connectSocket, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket, type ConnectionOptions as TlsSettings } from 'node:tls'
import {
  type ConnectionOptions,
  checkOptions,
  connect,
  errors,
  getResolveFn,
  INFO,
  type NatsConnection,
  type NodeConnectionOptions,
  type Server,
  type ServerInfo,
  setTransportFactory,
  type Transport,
} from '@nats-io/transport-node'
import { MessageCutter } from './message-cutter.js'

/** Which of Node.js's settings the files hold that options of TLS name. */
const TLS_FILES = { caFile: 'ca', certFile: 'cert', keyFile: 'key' } as const

/** Connects as the client's own `connect` does, with {@link MessageTransport}. */
export function connectWithMessages(options: NodeConnectionOptions): Promise<NatsConnection> {
  const connecting = connect(options)
  // The client has looked up no address yet, and so made no transport. It asks for one at each try, for all connections of the process. One that gets the client's own works as well: another part of the
  // program may use the client, too.
  const factory = (): Transport => new MessageTransport()
  const dnsResolveFn = getResolveFn()
  setTransportFactory({ factory, ...(dnsResolveFn !== undefined && { dnsResolveFn }) })
  return connecting
}

/**
 * One connection of the NATS client, over TCP or TLS. It brings the client whole messages, in buffers that {@link MessageCutter} chooses. The client's own brings 64 KB at a time, in new memory each time. When the client gives
 * a connection up, it ends at once, and does not wait for a server that takes nothing any more.
 */
class MessageTransport implements Transport {
  /** How the client introduces itself. */
  readonly lang = 'nats.js'
  readonly version = '3.3'
  closeError?: Error
  readonly #cutter = new MessageCutter((bytes) => this.#came(bytes))
  #pieces: Uint8Array[] = []
  #wake: () => void = () => undefined
  #socket: Socket | undefined
  #state: 'connecting' | 'connected' | 'closed' = 'connecting'
  #reportClosed: (error: Error | undefined) => void = () => undefined
  readonly #closed = new Promise<Error | undefined>((resolve) => {
    this.#reportClosed = (error) => resolve(error)
  })

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  isEncrypted(): boolean {
    return this.#socket instanceof TLSSocket
  }

  /** @throws what the socket, the server or TLS met. */
  async connect({ hostname: host, port, tlsName }: Server, options: ConnectionOptions): Promise<void> {
    const { tls } = options
    try {
      if (tls?.handshakeFirst === true)
        await this.#open(connectTls({ host, port, ...tlsSettings(options, tlsName) }), 'secureConnect')
      else await this.#open(this.#dial(host, port), 'connect')
      const info = await this.#info()
      checkOptions(info, options)
      const usesTls = info.tls_required === true || (info.tls_available === true && tls !== null)
      if (usesTls && !this.isEncrypted()) {
        const socket = this.#socket as Socket
        await this.#open(connectTls({ socket, ...tlsSettings(options, tlsName) }), 'secureConnect')
      }
      if (this.isClosed) throw this.#lost()
      this.#state = 'connected'
    } catch (error) {
      this.#socket?.destroy()
      throw error
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    while (!this.isClosed) {
      const pieces = this.#pieces
      this.#pieces = []
      for (const piece of pieces) yield piece
      if (this.#pieces.length === 0 && !this.isClosed) await this.#next()
    }
  }

  /** What cannot be sent is lost. The client notices that the connection is. */
  send(bytes: Uint8Array): void {
    if (!this.isClosed) this.#socket?.write(bytes)
  }

  async close(error?: Error): Promise<void> {
    this.#end(error)
  }

  disconnect(): void {
    this.#end()
  }

  async closed(): Promise<Error | undefined> {
    return await this.#closed
  }

  /** Another one takes its place. */
  discard(): void {
    this.#state = 'closed'
    this.#wake()
    this.#socket?.destroy()
  }

  #dial(host: string, port: number): Socket {
    const cutter = this.#cutter
    const callback = (count: number): boolean => {
      cutter.filled(count)
      return true
    }
    return connectSocket({ host, port, noDelay: true, onread: { buffer: () => cutter.room(), callback } })
  }

  /** Follows a socket from now on, and waits until it is open. That of TLS may use the one before it. */
  async #open(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
    this.#socket = socket
    socket.on('error', (error) => {
      this.closeError ??= error
    })
    if (socket instanceof TLSSocket) socket.on('data', (bytes: Uint8Array) => this.#cutter.append(bytes))
    await new Promise<void>((resolve, reject) => {
      socket.once(event, resolve)
      socket.once('close', () => {
        reject(this.#lost())
        this.#end()
      })
    })
  }

  /** The server speaks first. The client gets these bytes, too. */
  async #info(): Promise<ServerInfo> {
    while (this.#pieces.length === 0) {
      if (this.#socket?.destroyed === true) throw this.#lost()
      await this.#next()
    }
    const [, json] = INFO.exec(Buffer.concat(this.#pieces).toString('utf8')) ?? []
    if (json === undefined) throw new errors.ConnectionError('what answers is not a NATS server')
    return JSON.parse(json)
  }

  #lost(): Error {
    return this.closeError ?? new errors.ConnectionError('the server closed the connection')
  }

  #came(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    this.#wake()
  }

  /** Waits until bytes come, or the connection ends. */
  async #next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  /** What ends before it was connected is an error of {@link connect}, and nothing else. */
  #end(error?: Error): void {
    if (error !== undefined) this.closeError ??= error
    this.#socket?.destroy()
    const wasConnected = this.#state === 'connected'
    this.#state = 'closed'
    this.#wake()
    if (wasConnected) this.#reportClosed(this.closeError)
  }
}

function tlsSettings({ tls }: ConnectionOptions, servername: string): TlsSettings {
  const settings: Record<string, unknown> = { servername, rejectUnauthorized: true, ...tls }
  for (const [name, setting] of Object.entries(TLS_FILES)) {
    const path = settings[name]
    if (typeof path === 'string' && path !== '') settings[setting] = readFileSync(path)
  }
  return settings
}
