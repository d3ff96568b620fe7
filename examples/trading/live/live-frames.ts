import WebSocket from 'ws'
import { ExpectedError } from '../process/expected-error.js'
import type { LiveSource } from './live-venue.js'

const CONNECT_TIMEOUT_MS = 10_000
/** An exchange whose feed says nothing for so long is gone. */
const SILENCE_TIMEOUT_MS = 15_000

/** There is no connection to the exchange, or it broke. */
export class LiveFeedError extends ExpectedError {
  override readonly name = 'LiveFeedError'

  constructor(url: string, detail: string, options?: ErrorOptions) {
    super(
      `No live feed from ${new URL(url).host}: ${detail}. It needs a network that lets the connection through; without --live the recorded feeds are played`,
      options,
    )
  }
}

/**
 * Listens to an exchange's public WebSocket and hands each frame to `onFrame` as it arrives.
 *
 * Returns when `signal` is aborted.
 *
 * @throws {@link LiveFeedError} when the exchange cannot be reached, closes the connection, or falls silent.
 */
export async function listenLive(source: LiveSource, signal: AbortSignal, onFrame: (frame: Uint8Array) => void): Promise<void> {
  if (signal.aborted) return
  const socket = new WebSocket(source.url, { handshakeTimeout: CONNECT_TIMEOUT_MS })
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (detail: string, cause?: unknown) => reject(new LiveFeedError(source.url, detail, { cause }))
      const silence = setTimeout(() => fail(`nothing came for ${SILENCE_TIMEOUT_MS / 1000} seconds`), SILENCE_TIMEOUT_MS)
      signal.addEventListener('abort', () => resolve(), { once: true })
      socket.on('error', (error) => fail(describe(error), error))
      socket.on('close', (code) => fail(`the exchange closed the connection: code=${code}`))
      socket.on('open', () => {
        for (const request of source.requests) socket.send(JSON.stringify(request))
      })
      socket.on('message', (data) => {
        silence.refresh()
        onFrame(asBytes(data))
      })
      const settle = () => clearTimeout(silence)
      signal.addEventListener('abort', settle, { once: true })
      socket.on('close', settle)
    })
  } finally {
    socket.removeAllListeners()
    socket.on('error', () => {})
    socket.terminate()
  }
}

function asBytes(data: WebSocket.RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

function describe(error: Error & { code?: string }): string {
  // A host with several addresses fails with an AggregateError, whose message is empty.
  return error.message || error.code || error.name
}
