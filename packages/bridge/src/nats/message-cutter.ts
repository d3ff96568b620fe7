import { lendBuffer } from './body-buffers.js'

const LINE_FEED = 10
/** Messages from this length on are read into a buffer of their own. */
const LARGE_BYTES = 16 * 1024
/** Room for what is shorter, and for the first bytes of what is not. */
const SMALL_ROOM_BYTES = 2 * LARGE_BYTES
/** After the payload of a message. */
const END_BYTES = 2
/** `MSG <subject> <id> [<reply>] <bytes>`, and `HMSG` likewise: the last number is that of all bytes that follow the line. */
const MESSAGE_LINE = /^h?msg[ \t].*?(\d+)[ \t]*\r?\n$/i

interface Large {
  readonly bytes: Buffer
  readonly length: number
  filled: number
}

/**
 * Cuts what a NATS server sends into whole lines and messages, and so decides where the next bytes are read to. The client copies a message that comes in pieces several times, into ever larger buffers. Here a large one
 * has its buffer once its length is known, and the socket fills it.
 */
export class MessageCutter {
  /** Takes whole lines and messages. The bytes are its own. */
  readonly #take: (bytes: Uint8Array) => void
  #small = Buffer.allocUnsafeSlow(SMALL_ROOM_BYTES)
  #length = 0
  #large: Large | undefined

  constructor(take: (bytes: Uint8Array) => void) {
    this.#take = take
  }

  /** Returns where the next bytes belong: at least one byte. Valid until {@link filled}. */
  room(): Uint8Array {
    const large = this.#large
    if (large !== undefined) return large.bytes.subarray(large.filled, large.length)
    if (this.#length === this.#small.length) this.#small = Buffer.concat([this.#small], 2 * this.#small.length)
    return this.#small.subarray(this.#length)
  }

  /** Notes that the first `count` bytes of {@link room} are there. */
  filled(count: number): void {
    const large = this.#large
    if (large === undefined) {
      this.#length += count
      this.#cut()
      return
    }
    large.filled += count
    if (large.filled < large.length) return
    this.#large = undefined
    this.#take(large.bytes.subarray(0, large.length))
  }

  /** As {@link filled}, for bytes that are elsewhere. */
  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const room = this.room()
      const part = bytes.subarray(at, at + room.length)
      room.set(part)
      at += part.length
      this.filled(part.length)
    }
  }

  #cut(): void {
    const small = this.#small
    let at = 0
    for (let length = this.#lengthAt(at); length !== undefined; length = this.#lengthAt(at)) {
      const end = at + length
      if (end > this.#length && length >= LARGE_BYTES) {
        const large = { bytes: lendBuffer(length), length, filled: this.#length - at }
        small.copy(large.bytes, 0, at, this.#length)
        this.#large = large
        this.#length = at
      }
      if (end > this.#length) break
      at = end
    }
    if (at > 0) this.#take(Uint8Array.prototype.slice.call(small, 0, at))
    small.copyWithin(0, at, this.#length)
    this.#length -= at
  }

  /** Length of the line or message that begins here; `undefined` without the end of its line. */
  #lengthAt(at: number): number | undefined {
    const end = this.#small.subarray(at, this.#length).indexOf(LINE_FEED)
    if (end < 0) return undefined
    const payloadLength = MESSAGE_LINE.exec(this.#small.toString('latin1', at, at + end + 1))?.[1]
    return end + 1 + (payloadLength === undefined ? 0 : Number(payloadLength) + END_BYTES)
  }
}
