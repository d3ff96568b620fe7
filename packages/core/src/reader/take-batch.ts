import type { MessageCopy } from './message-copy.js'
import type { RecordCursor } from './record-cursor.js'

/** Copies what is there, up to `max` messages; `undefined` when nothing is. An error after the first message waits for the next call, which meets it again. */
export function takeBatch(cursor: RecordCursor, max: number): MessageCopy[] | undefined {
  const batch: MessageCopy[] = []
  try {
    while (batch.length < max) {
      const message = cursor.next()
      if (message === undefined) break
      batch.push(message.copy())
    }
  } catch (error) {
    if (batch.length === 0) throw error
  }
  return batch.length > 0 ? batch : undefined
}
