import { join } from 'node:path'
import { requirePeer } from '../install-peers.js'
import type { Place, Transport } from '../transport.js'

/** The part of the package `redis` that is used. */
interface Redis {
  readonly RESP_TYPES: { readonly BLOB_STRING: number }
  createClient(options: object): Client
}

interface Client {
  on(event: 'error', listener: () => void): void
  connect(): Promise<unknown>
  sendCommand(args: readonly (string | Buffer)[], options?: object): Promise<unknown>
  destroy(): void
}

/** What XREAD answers: streams, each with its entries, each an id and a list of field and value. */
type ReadAnswer = readonly [Buffer, readonly [Buffer, readonly [Buffer, Buffer]][]][] | null

/** Redis Streams over a Unix socket, commands pipelined. Durable: appendfsync always; else nothing is written. */
export const redisTransport: Transport = {
  openSender: async (place) => {
    const client = await connectTo(place)
    return {
      send: async (messages) => {
        await Promise.all(messages.map((message) => client.sendCommand(['XADD', place.topic, '*', 'p', Buffer.from(message)])))
      },
      close: () => client.destroy(),
    }
  },
  openReceiver: async (place) => {
    const client = await connectTo(place)
    const { BLOB_STRING } = requirePeer<Redis>('redis').RESP_TYPES
    const options = { typeMapping: { [BLOB_STRING]: Buffer } }
    return {
      run: async (handle) => {
        for (let id = '0'; ; ) {
          const command = ['XREAD', 'COUNT', '256', 'BLOCK', '1000', 'STREAMS', place.topic, id]
          const answer = (await client.sendCommand(command, options)) as ReadAnswer
          for (const [entryId, [, payload]] of answer?.[0]?.[1] ?? []) {
            if (!handle(payload)) return
            id = entryId.toString()
          }
        }
      },
      close: () => client.destroy(),
    }
  },
}

export function redisSocket(folder: string): string {
  return join(folder, 'redis.sock')
}

async function connectTo({ folder }: Place): Promise<Client> {
  const client = requirePeer<Redis>('redis').createClient({ RESP: 2, socket: { path: redisSocket(folder) } })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
