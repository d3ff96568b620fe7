import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import type { Place, Transport } from '../transport.js'

const TYPE_ID = 1
const COMMIT_EVERY = 100

/** Our queue; read in batches of next(), or with the loop that the README shows and a commit per message. */
export function chronicleTransport(way: 'next' | 'for await'): Transport {
  return {
    prepare: (place) => openWriter(pathOf(place)).close(),
    openSender: (place) => {
      const writer = openWriter(pathOf(place))
      return {
        send: (messages) => {
          if (messages.length === 1) writer.append(TYPE_ID, messages[0] as Uint8Array)
          else writer.appendBatch(messages.map((payload) => ({ typeId: TYPE_ID, payload })))
          if (place.durable) writer.flushSync()
        },
        close: () => writer.close(),
      }
    },
    openReceiver: (place, index) => {
      const reader = openReader(pathOf(place), `reader-${index}`)
      return {
        run: async (handle) => {
          if (way === 'for await') {
            for await (const message of reader.messages()) {
              const goesOn = handle(message.payload)
              reader.commit()
              if (!goesOn) return
            }
            return
          }
          for (let uncommitted = 0; ; ) {
            const message = reader.next()
            if (message === undefined) {
              if (uncommitted > 0) reader.commit()
              uncommitted = 0
              await reader.waitAsync()
              continue
            }
            const goesOn = handle(message.payloadView)
            if (++uncommitted === COMMIT_EVERY || !goesOn) {
              reader.commit()
              uncommitted = 0
            }
            if (!goesOn) return
          }
        },
        close: () => reader.close(),
      }
    },
  }
}

function pathOf({ folder, topic }: Place): string {
  return join(folder, `${topic}.queue`)
}
