import type { MessagePort } from 'node:worker_threads'
import type { Place, Transport } from '../transport.js'

/** Ports of one participant by topic: a sender has one per receiver, a receiver its own. */
export interface ChannelPorts {
  readonly sending: Readonly<Record<string, readonly MessagePort[]>>
  readonly receiving: Readonly<Record<string, MessagePort>>
}

/** A MessageChannel between two worker threads of one process; nothing is kept. */
export function messageChannelTransport(ports: ChannelPorts): Transport {
  return {
    openSender: ({ topic }: Place) => {
      const targets = ports.sending[topic] ?? []
      return {
        send: (messages) => {
          for (const message of messages) for (const port of targets) port.postMessage(message)
        },
        close: () => undefined,
      }
    },
    openReceiver: ({ topic }: Place) => {
      const port = ports.receiving[topic]
      if (port === undefined) throw new Error(`topic ${topic} has no port`)
      return {
        run: (handle) =>
          new Promise<void>((resolve, reject) => {
            port.on('message', (payload: Uint8Array) => {
              try {
                if (!handle(payload)) resolve()
              } catch (error) {
                reject(error)
              }
            })
          }),
        close: () => port.close(),
      }
    },
  }
}
