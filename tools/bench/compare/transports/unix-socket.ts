import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { encodeFrames, FrameDecoder } from '../framing.js'
import type { Transport } from '../transport.js'

/** A stream socket to each receiver; nothing is kept. */
export const unixSocketTransport: Transport = {
  openSender: async (place) => {
    const sockets: Socket[] = []
    for (let index = 0; index < place.receivers; index++) {
      const socket = connect(join(place.folder, `${place.topic}-${index}.sock`))
      await once(socket, 'connect')
      sockets.push(socket)
    }
    // One wait for all calls that find the sockets full: a listener per call would be thousands.
    let drained: Promise<unknown> | undefined
    return {
      send: async (messages) => {
        const bytes = encodeFrames(messages)
        const full = sockets.filter((socket) => !socket.write(bytes))
        if (full.length === 0) return
        drained ??= Promise.all(full.map((socket) => once(socket, 'drain'))).finally(() => {
          drained = undefined
        })
        await drained
      },
      close: () => {
        for (const socket of sockets) socket.end()
      },
    }
  },
  openReceiver: async (place, index) => {
    const server = createServer()
    const accepted = once(server, 'connection') as Promise<[Socket]>
    server.listen(join(place.folder, `${place.topic}-${index}.sock`))
    await once(server, 'listening')
    return {
      run: async (handle) => {
        const [socket] = await accepted
        const decoder = new FrameDecoder()
        await new Promise<void>((resolve, reject) => {
          socket.on('error', reject)
          socket.on('close', () => reject(new Error('the sender closed the socket')))
          socket.on('data', (bytes: Buffer) => {
            try {
              for (const message of decoder.push(bytes)) if (!handle(message)) resolve()
            } catch (error) {
              reject(error)
            }
          })
        })
        socket.destroy()
      },
      close: () => {
        server.close()
      },
    }
  },
}
