import type { BatchMessage, QueueWriter } from '@chronicle-ts/core'

/** Appends messages by `appendPacked` instead of `appendBatch`. */
export function appendPacked(writer: QueueWriter, messages: readonly BatchMessage[]): number {
  const offsets = new Uint32Array(messages.length + 1)
  for (const [index, { payload }] of messages.entries()) offsets[index + 1] = (offsets[index] as number) + payload.length
  const typeIds = Uint16Array.from(messages, ({ typeId }) => typeId)
  return writer.appendPacked(typeIds, Buffer.concat(messages.map(({ payload }) => payload)), offsets)
}
