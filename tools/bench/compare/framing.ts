/** Bytes before each message in a byte stream: its length. */
export const FRAME_HEADER_LENGTH = 4

/** Joins messages to one buffer, each after its length. */
export function encodeFrames(messages: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(messages.reduce((sum, { length }) => sum + FRAME_HEADER_LENGTH + length, 0))
  let offset = 0
  for (const message of messages) {
    bytes.writeUInt32LE(message.length, offset)
    bytes.set(message, offset + FRAME_HEADER_LENGTH)
    offset += FRAME_HEADER_LENGTH + message.length
  }
  return bytes
}

/** Cuts a byte stream into its messages. */
export class FrameDecoder {
  #rest: Buffer = Buffer.alloc(0)

  /** Returns the messages that are complete with these bytes, as views. */
  push(bytes: Buffer): Buffer[] {
    const joined = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const messages: Buffer[] = []
    let offset = 0
    while (joined.length - offset >= FRAME_HEADER_LENGTH) {
      const end = offset + FRAME_HEADER_LENGTH + joined.readUInt32LE(offset)
      if (end > joined.length) break
      messages.push(joined.subarray(offset + FRAME_HEADER_LENGTH, end))
      offset = end
    }
    this.#rest = joined.subarray(offset)
    return messages
  }
}
