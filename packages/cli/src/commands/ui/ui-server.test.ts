import { once } from 'node:events'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { segmentFileName } from '@chronicle-ts/core/internal'
import { acknowledgeProblems, inspectQueue } from '@chronicle-ts/inspect'
import { ascii, f64, message, u64 } from '@chronicle-ts/schema'
import { openTypedWriter } from '@chronicle-ts/typed'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli } from '../../../test/support/run-cli.js'
import { idOf, QueueCatalog } from './queue-catalog.js'
import { RequestGuard } from './request-guard.js'
import type { MessagePage, SearchAnswer } from './shown-message.js'
import type { Snapshot } from './snapshot.js'
import { hostsOf, isLoopback } from './ui-command.js'
import { createUiServer } from './ui-server.js'

const TOKEN = 'a-token-of-the-tests'
const WAIT = { timeout: 30_000, interval: 2 }

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
    const found = await ask<SearchAnswer>(`${url}/api/queues/${id}/search?text=${encodeURIComponent('"price":49')}&type=1`)
    expect(found.matches.map(({ sequence }) => sequence)).toEqual([49, 491, 493, 495, 497, 499])
    expect(found).toMatchObject({ looked: 504, total: 504, cursor: null })
    const trace = await ask<{ hops: object[] }>(`${url}/api/trace/${'ab'.repeat(16)}`)
    expect(trace.hops).toMatchObject([{ id, queue: 'orders', sequence: 503 }])
    const merged = await ask<{ messages: { queue: string }[] }>(`${url}/api/merged?limit=5`)
    expect(merged.messages.map((message) => message.queue)).toEqual(Array(5).fill('orders'))
  })

  it('counts the problems of a queue that were acknowledged, and does not know how much there is to search in a damaged one', async () => {
    writeFileSync(join(queue, 'thresholds.json'), '{')
    acknowledgeProblems(queue, inspectQueue(queue).problems)
    truncateSync(join(queue, segmentFileName(0)), 0)
    const url = await serve()
    const { queues } = await ask<Snapshot>(`${url}/api/queues`)
    expect(queues).toMatchObject([{ acknowledged: 1 }])
    const found = await ask<SearchAnswer>(`${url}/api/queues/${idOf(queue)}/search?text=x`)
    expect(found.total).toBeNull()
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

  it('gives a slow browser the present snapshot, and no backlog', async () => {
    let turn = 0
    const made: number[] = []
    const tasks: (() => void)[] = []
    const catalog = new QueueCatalog(folder.join('root'))
    // Some megabytes each, more than the buffers of two sockets hold.
    const filler = 'x'.repeat(4 * 1024 * 1024)
    const slow = {
      root: catalog.root,
      snapshot: () => catalog.snapshot(),
      snapshotText: () => {
        made.push(turn)
        return JSON.stringify({ ...catalog.snapshot(), at: `turn ${turn}`, error: filler })
      },
      find: (id: string) => catalog.find(id),
      all: () => catalog.all(),
      decoderOf: (directory: string) => catalog.decoderOf(directory),
    }
    const repeat = (task: () => void) => {
      tasks.push(task)
      return () => void tasks.splice(tasks.indexOf(task), 1)
    }
    const guard = new RequestGuard(undefined)
    server = createUiServer({ catalog: slow, guard, assets: folder.join('assets'), repeat })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    port = (server.address() as AddressInfo).port
    guard.allow(hostsOf('127.0.0.1', port))

    const socket = connect(port, '127.0.0.1')
    socket.pause()
    socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    await vi.waitUntil(() => tasks.length === 1, WAIT)
    for (turn = 1; turn <= 1000; turn += 1) {
      tasks[0]?.()
      // The sockets get what they take.
      if (turn % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    // It takes nothing, so nothing was made for it but what was under way.
    expect(made.length).toBeLessThan(10)

    turn = 2000
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      tasks[0]?.()
    })
    socket.resume()
    await vi.waitUntil(() => text.includes('turn 2000'), WAIT)
    const turns = [...text.matchAll(/"at":"turn (\d+)"/g)].map(([, number]) => Number(number))
    expect(turns.filter((number) => number !== 2000)).toEqual(made.filter((number) => number !== 2000))
    socket.destroy()
    await vi.waitUntil(() => tasks.length === 0, WAIT)
  })

  it('decodes messages of types that the schema registry holds', async () => {
    const Order = message('Order', 21, { id: u64(), price: f64(), symbol: ascii(8) })
    const typed = folder.join('root/typed')
    {
      using writer = openTypedWriter(typed, [Order], { segmentSize: 65_536 })
      writer.write(Order, (order) => Object.assign(order, { id: 2n ** 60n, price: 60_000.5, symbol: 'BTC-USD' }))
      writer.queue.append(21, Buffer.from('bad'))
      writer.queue.append(22, Buffer.from('{"of":"no schema"}'))
    }
    const url = await serve()
    const { messages } = await ask<MessagePage>(`${url}/api/queues/${idOf(typed)}/messages`)
    const shown = messages.map(({ typeId, type, fields, decodeError }) => ({ typeId, type, fields, decodeError }))
    expect(shown).toEqual([
      { typeId: 21, type: 'Order', fields: { id: '1152921504606846976', price: 60_000.5, symbol: 'BTC-USD' } },
      { typeId: 21, type: 'Order', decodeError: expect.any(String) },
      { typeId: 22 },
    ])
    const found = await ask<SearchAnswer>(`${url}/api/queues/${idOf(typed)}/search?text=&type=21`)
    expect(found.matches[0]?.fields).toMatchObject({ symbol: 'BTC-USD' })
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
