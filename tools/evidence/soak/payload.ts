import { createHash } from 'node:crypto'

/** Where the sequence stands in a payload, and the time of sending (CLOCK_MONOTONIC, which all processes of a machine share). */
const SEQUENCE_OFFSET = 0
const SENT_NS_OFFSET = 8
export const PAYLOAD_LENGTH_MIN = 16
export const PAYLOAD_LENGTH_MAX = 512

/** Fills a payload whose length and bytes follow from the sequence, all but the time; returns its length. */
export function fillPayload(payload: Buffer, sequence: number, sentNs: bigint): number {
  const length = PAYLOAD_LENGTH_MIN + ((sequence * 37) % (PAYLOAD_LENGTH_MAX - PAYLOAD_LENGTH_MIN + 1))
  payload.fill(sequence & 0xff, 0, length)
  payload.writeBigUInt64LE(BigInt(sequence), SEQUENCE_OFFSET)
  payload.writeBigUInt64LE(sentNs, SENT_NS_OFFSET)
  return length
}

export function sentNsOf(payload: Buffer): bigint {
  return payload.readBigUInt64LE(SENT_NS_OFFSET)
}

/** What one process wrote or read: how many messages, and a digest of all their bytes in order. Equal sums mean equal messages. */
export class Sum {
  count = 0
  readonly #hash = createHash('sha256')

  add(sequence: number, payload: Buffer): void {
    if (sequence !== this.count) throw new Error(`sequence ${sequence} follows ${this.count - 1}`)
    this.count++
    this.#hash.update(payload)
  }

  /** Hexadecimal; of everything until now. */
  get digest(): string {
    return this.#hash.copy().digest('hex')
  }
}
