import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { requirePeer } from '../install-peers.js'
import type { Place, Transport } from '../transport.js'

/** The part of the package `nats` that is used. */
interface Nats {
  connect(options: object): Promise<Connection>
}

interface Connection {
  jetstream(): Jetstream
  jetstreamManager(): Promise<{
    readonly streams: { add(options: object): Promise<unknown> }
    readonly consumers: { add(stream: string, options: object): Promise<unknown> }
  }>
  close(): Promise<void>
}

interface Jetstream {
  publish(subject: string, payload: Uint8Array): Promise<unknown>
  readonly consumers: { get(stream: string, name: string): Promise<Consumer> }
}

interface Consumer {
  consume(options: object): Promise<AsyncIterable<{ readonly data: Uint8Array }>>
}

/** NATS JetStream with file storage, each message acknowledged by the server, no acknowledgements by receivers. */
export const natsTransport: Transport = {
  prepare: async (place) => {
    const connection = await connectTo(place)
    const { streams } = await connection.jetstreamManager()
    await streams.add({ name: place.topic, subjects: [place.topic], storage: 'file' })
    await connection.close()
  },
  openSender: async (place) => {
    const connection = await connectTo(place)
    const jetstream = connection.jetstream()
    return {
      send: async (messages) => {
        await Promise.all(messages.map((message) => jetstream.publish(place.topic, message)))
      },
      close: () => connection.close(),
    }
  },
  openReceiver: async (place, index) => {
    const connection = await connectTo(place)
    const { consumers } = await connection.jetstreamManager()
    const name = `receiver-${index}`
    await consumers.add(place.topic, { durable_name: name, ack_policy: 'none', deliver_policy: 'all' })
    const consumer = await connection.jetstream().consumers.get(place.topic, name)
    return {
      run: async (handle) => {
        for await (const { data } of await consumer.consume({ max_messages: 1000 })) if (!handle(data)) return
      },
      close: () => connection.close(),
    }
  },
}

/** The server writes its ports here after it has opened them. */
export function natsPortFile(folder: string, pid: number): string {
  return join(folder, `nats-server_${pid}.ports`)
}

async function connectTo({ folder }: Place): Promise<Connection> {
  const servers = readFileSync(join(folder, 'nats.url'), 'utf8')
  return requirePeer<Nats>('nats').connect({ servers })
}
