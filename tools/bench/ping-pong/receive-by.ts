import type { Message, QueueReader } from '@chronicle-ts/core'

/** How a side receives: by looking all the time itself, or by `wait` with the strategy `busySpin`. */
export type ReceiveWay = 'next' | 'wait'

export function receiveBy(way: ReceiveWay, reader: QueueReader): () => Message {
  return way === 'next' ? () => nextAtLast(reader) : () => waited(reader)
}

function nextAtLast(reader: QueueReader): Message {
  for (;;) {
    const message = reader.next()
    if (message !== undefined) return message
  }
}

function waited(reader: QueueReader): Message {
  for (;;) {
    const message = reader.next()
    if (message !== undefined) return message
    if (reader.wait({ timeoutMs: 10_000 }) === 'timeout') throw new Error('the other process answers nothing')
  }
}
