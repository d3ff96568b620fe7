import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { LiveFeedError, listenLive } from './live-frames.js'

let server: WebSocketServer | undefined
afterEach(() => {
  for (const client of server?.clients ?? []) client.terminate()
  server?.close()
})

/** A server of its own on this host: the frames it sends once it was asked, and how it ends. */
async function serve(frames: (string | Uint8Array)[], then: 'stay' | 'close'): Promise<{ url: string; asked: unknown[] }> {
  const asked: unknown[] = []
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (client) =>
    client.on('message', (data) => {
      asked.push(JSON.parse(String(data)))
      for (const frame of frames) client.send(frame)
      if (then === 'close') client.close()
    }),
  )
  await new Promise((resolve) => server?.once('listening', resolve))
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

it('hands over the frames as the exchange sent them, until it is stopped', async () => {
  const { url, asked } = await serve(['{"a":1}', Buffer.from([0, 255])], 'stay')
  const stop = new AbortController()
  const frames: string[] = []
  await listenLive({ url, requests: [{ type: 'subscribe' }] }, stop.signal, (frame) => {
    frames.push(Buffer.from(frame).toString('hex'))
    if (frames.length === 2) stop.abort()
  })
  expect(frames).toEqual([Buffer.from('{"a":1}').toString('hex'), '00ff'])
  expect(asked).toEqual([{ type: 'subscribe' }])
})

it('says so when the exchange closes the connection', async () => {
  const { url } = await serve([], 'close')
  const listening = listenLive({ url, requests: [{}] }, new AbortController().signal, () => {})
  await expect(listening).rejects.toThrow(/closed the connection: code=/)
})

it('fails politely where no server answers', async () => {
  const { url } = await serve([], 'stay')
  await new Promise((resolve) => server?.close(resolve))
  const listening = listenLive({ url, requests: [] }, new AbortController().signal, () => {})
  await expect(listening).rejects.toThrow(LiveFeedError)
  await expect(listening).rejects.toThrow(/ECONNREFUSED.*recorded feeds/)
})
