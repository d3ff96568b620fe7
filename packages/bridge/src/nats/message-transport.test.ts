import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectWithMessages } from './message-transport.js'

const INFO = `INFO ${JSON.stringify({ server_id: 'S', version: '2.10.0', proto: 1, headers: true, max_payload: 1 << 26 })}\r\n`

/** Starts a server that does this with each connection. @returns its URL. */
async function serverThat(speaks: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    speaks(socket)
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `nats://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers the first ping, with which the client ends its introduction. */
function welcome(socket: Socket, then: () => void): void {
  socket.write(INFO)
  const answer = (bytes: Buffer): void => {
    if (!bytes.includes('PING\r\n')) return
    socket.off('data', answer)
    socket.write('PONG\r\n')
    then()
  }
  socket.on('data', answer)
}

describe('a connection of the client', () => {
  it('is lost when the server takes nothing any more, however much was written', async () => {
    const url = await serverThat((socket) => welcome(socket, () => socket.pause()))
    const connection = await connectWithMessages({ servers: url, pingInterval: 20, maxPingOut: 1, reconnect: false })
    connection.publish('all.that.fits', new Uint8Array(1 << 25))
    await connection.closed()
    expect(connection.isClosed()).toBe(true)
  })

  it.each([
    ['does not speak its language', 'HTTP/1.1 400 Bad Request\r\n\r\n', /not a NATS server/],
    ['breaks off in its first word', 'INFO {"ser', /closed the connection/],
    ['says nothing', '', /closed the connection/],
  ])('is not made where the server %s', async (_name, words, expected) => {
    const url = await serverThat((socket) => socket.end(words))
    await expect(connectWithMessages({ servers: url, reconnect: false })).rejects.toThrow(expected)
  })

  it('is not made over a protocol that it does not know', async () => {
    await expect(connectWithMessages({ servers: 'ws://127.0.0.1:1' })).rejects.toThrow(/servers/)
  })

  it('brings messages whole, however they come', async () => {
    const bodies = [0, 1, 20_000, 400_000, 5].map((length, index) => Buffer.alloc(length, 65 + index))
    const url = await serverThat((socket) =>
      welcome(socket, () =>
        socket.on('data', (bytes) => {
          if (!bytes.includes('SUB ')) return
          const all = bodies.flatMap((body) => [Buffer.from(`MSG all 1 ${body.length}\r\n`), body, Buffer.from('\r\n')])
          const sent = Buffer.concat(all)
          for (let at = 0; at < sent.length; at += 33_333) socket.write(sent.subarray(at, at + 33_333))
        }),
      ),
    )
    const connection = await connectWithMessages({ servers: url })
    onTestFinished(() => connection.close())
    const received: Uint8Array[] = []
    for await (const { data } of connection.subscribe('all', { max: bodies.length })) received.push(data)
    expect(received.map(({ length }) => length)).toEqual(bodies.map(({ length }) => length))
    expect(Buffer.concat(received).equals(Buffer.concat(bodies))).toBe(true)
  })
})
