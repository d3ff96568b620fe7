import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { openReader, openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli } from '../../../test/support/run-cli.js'
import type { MessagePage, SearchResult } from './message-pages.js'
import { idOf, QueueCatalog } from './queue-catalog.js'
import { RequestGuard } from './request-guard.js'
import type { Snapshot } from './snapshot.js'
import { hostsOf, isLoopback } from './ui-command.js'
import { createUiServer } from './ui-server.js'

const TOKEN = 'a-token-of-the-tests'

let folder: QueueFolder
let server: Server
let port: number
let queue: string

beforeEach(async () => {
  folder = new QueueFolder()
  queue = folder.join('root/orders')
  mkdirSync(folder.join('assets'), { recursive: true })
  for (const name of ['index.html', 'app.mjs', 'app.css']) writeFileSync(folder.join('assets', name), name)
  using writer = openWriter(queue, { segmentSize: 4 * 1024 * 1024 })
  for (let index = 0; index < 500; index += 1) writer.append(index % 2, Buffer.from(`{"price":${index}}`))
  writer.append(7, Buffer.from('<img src=x onerror=alert(1)>'))
  writer.append(8, Buffer.alloc(200_000, 'x'))
  writer.append(9, Buffer.from([0xff, 0x00]))
  writer.append(3, Buffer.from('traced'), { trace: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), sampled: true } })
  openReader(queue, 'audit', { start: 'earliest' }).close()
})
afterEach(async () => {
  server?.close()
  server?.closeAllConnections()
  folder.remove()
})

async function serve(token?: string): Promise<string> {
  const guard = new RequestGuard(token)
  server = createUiServer({ catalog: new QueueCatalog(folder.join('root')), guard, assets: folder.join('assets') })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  port = (server.address() as AddressInfo).port
  guard.allow(hostsOf('127.0.0.1', port))
  return `http://127.0.0.1:${port}`
}

async function ask<T>(path: string): Promise<T> {
  return (await (await fetch(path)).json()) as T
}

/** The status line of a request as it is written, with any header. */
async function raw(lines: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  socket.destroy()
  return String(answer).split('\r\n')[0] ?? ''
}

describe('the server of the dashboard', () => {
  it('answers with queues by id, their messages, and what it searched', async () => {
    const url = await serve()
    const { queues } = await ask<Snapshot>(`${url}/api/queues`)
    const [{ id, name, readers } = expect.fail('no queue')] = queues
    expect({ id, name, readers }).toEqual({ id: idOf(queue), name: 'orders', readers: 1 })
    const page = await ask<MessagePage>(`${url}/api/queues/${id}/messages?from=10&limit=3`)
    expect(page.messages.map(({ sequence, text }) => `${sequence} ${text}`)).toEqual([
      '10 {"price":10}',
      '11 {"price":11}',
      '12 {"price":12}',
    ])
    const found = await ask<SearchResult & { total: number }>(
      `${url}/api/queues/${id}/search?text=${encodeURIComponent('"price":49')}&type=1`,
    )
    expect(found.matches.map(({ sequence }) => sequence)).toEqual([49, 491, 493, 495, 497, 499])
    expect(found).toMatchObject({ looked: 504, total: 504, cursor: null })
    const trace = await ask<{ hops: object[] }>(`${url}/api/trace/${'ab'.repeat(16)}`)
    expect(trace.hops).toMatchObject([{ id, queue: 'orders', sequence: 503 }])
    const merged = await ask<{ messages: { queue: string }[] }>(`${url}/api/merged?limit=5`)
    expect(merged.messages.map((message) => message.queue)).toEqual(Array(5).fill('orders'))
  })

  it('shows 64 KiB of a large payload, and gives all of it as a download that no browser opens', async () => {
    const url = await serve()
    const id = idOf(queue)
    const { messages } = await ask<MessagePage>(`${url}/api/queues/${id}/messages?from=500`)
    expect(messages[0]).toMatchObject({ text: '<img src=x onerror=alert(1)>', isCut: false })
    expect(messages[1]).toMatchObject({ length: 200_000, isCut: true })
    expect(messages[1]?.text?.length).toBe(65_536)
    expect(messages[2]).toMatchObject({ base64: '/wA=' })
    const payload = await fetch(`${url}/api/queues/${id}/messages/501`)
    expect((await payload.arrayBuffer()).byteLength).toBe(200_000)
    expect(payload.headers.get('content-disposition')).toMatch(/^attachment/)
    expect(payload.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await fetch(`${url}/api/queues/${id}/messages/9999`)).status).toBe(404)
  })

  it('knows queues by their ids only', async () => {
    const url = await serve()
    for (const id of ['..', encodeURIComponent('../orders'), encodeURIComponent(queue), 'orders', '0'.repeat(16)])
      expect((await fetch(`${url}/api/queues/${id}/messages`)).status).toBe(404)
    expect((await fetch(`${url}/../../etc/passwd`)).status).toBe(404)
  })

  it('sends a policy that runs nothing from elsewhere with every response', async () => {
    const url = await serve()
    for (const path of ['/', '/app.mjs', '/api/queues', '/nothing', `/api/queues/${idOf(queue)}/messages/501`]) {
      const { headers } = await fetch(url + path)
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'/)
      expect(headers.get('x-frame-options')).toBe('DENY')
    }
  })

  it('refuses every method that changes something, and foreign hosts and origins on every route', async () => {
    await serve()
    const own = `Host: 127.0.0.1:${port}`
    for (const path of ['/', '/api/queues', '/api/events', '/api/session', '/nothing']) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
        expect(await raw([`${method} ${path} HTTP/1.1`, own, 'Content-Length: 0'])).toContain(' 405 ')
      // A name that its owner lets point here: DNS rebinding.
      expect(await raw([`GET ${path} HTTP/1.1`, `Host: evil.example:${port}`])).toContain(' 403 ')
      expect(await raw([`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1'])).toContain(' 403 ')
      expect(await raw([`GET ${path} HTTP/1.1`, own, 'Origin: http://evil.example'])).toContain(' 403 ')
      expect(await raw([`GET ${path} HTTP/1.1`, own, 'Sec-Fetch-Site: cross-site'])).toContain(' 403 ')
      expect(await raw([`GET ${path} HTTP/1.1`, own, 'Sec-Fetch-Site: same-site'])).toContain(' 403 ')
    }
    expect(
      await raw(['GET /api/queues HTTP/1.1', own, `Origin: http://127.0.0.1:${port}`, 'Sec-Fetch-Site: same-origin']),
    ).toContain(' 200 ')
    expect(await raw(['GET /api/queues HTTP/1.0'])).toContain(' 403 ')
  })

  it('demands the token, and keeps a session in a cookie that scripts cannot read', async () => {
    const url = await serve(TOKEN)
    expect((await fetch(`${url}/`)).status).toBe(200)
    for (const path of ['/api/queues', '/api/events', `/api/queues/${idOf(queue)}`, '/api/merged'])
      expect((await fetch(url + path)).status).toBe(401)
    expect((await fetch(`${url}/api/queues`, { headers: { Cookie: 'chronicle=guess' } })).status).toBe(401)
    expect((await fetch(`${url}/api/session`, { headers: { Authorization: 'Bearer wrong' } })).status).toBe(401)
    expect((await fetch(`${url}/api/session?token=${TOKEN}`)).status).toBe(401)
    const session = await fetch(`${url}/api/session`, { headers: { Authorization: `Bearer ${TOKEN}` } })
    const cookie = session.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^chronicle=[\w-]{40,}; HttpOnly; SameSite=Strict; Path=\/$/)
    expect(cookie).not.toContain(TOKEN)
    expect((await fetch(`${url}/api/queues`, { headers: { Cookie: cookie.split(';')[0] ?? '' } })).status).toBe(200)
  })

  it('gives a slow browser snapshots, and no backlog', async () => {
    await serve()
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    const [first] = await once(socket, 'data')
    expect(String(first)).toContain('text/event-stream')
    socket.destroy()
  })
})

describe('chron-cli ui', () => {
  it('refuses an address that others reach unless a token is demanded', () => {
    openWriter(folder.join('root/more'), { segmentSize: 4096 }).close()
    const refused = runCli(['ui', folder.join('root'), '--listen', '0.0.0.0:0'])
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('give --token or --token-file')
    writeFileSync(folder.join('short'), 'short')
    expect(runCli(['ui', folder.join('root'), '--token-file', folder.join('short')]).exitCode).toBe(1)
    expect(['127.0.0.1', '::1', 'localhost', '127.1.2.3'].every(isLoopback)).toBe(true)
    expect(['0.0.0.0', '::', '10.0.0.1', '127.evil.example'].some(isLoopback)).toBe(false)
  })
})
