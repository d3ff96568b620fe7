import { RECORD_HEADER_LENGTH } from '../format/index.js'
import { type MappedSegment, WORDS_PER_BLOCK_SHIFT } from '../segment/mapped-segment.js'

/** Longest payload that {@link copySmallPayload} takes: a Buffer of so many bytes lies in the engine's own heap. */
export const SMALL_PAYLOAD_MAX = 64

/**
 * The class of which Node.js makes buffers. Its constructor takes bytes and copies them, which `Buffer` has no call for: one of a size and `set` take twice as long. Not `Buffer.from`, which takes memory of the
 * pool: a caller that transfers these bytes must not take those of others with them.
 */
const OwnBuffer = (Buffer as unknown as { readonly [Symbol.species]: new (bytes: Uint8Array) => Buffer })[Symbol.species]

const HEADER_WORDS = RECORD_HEADER_LENGTH / 4

/** Where a payload stands on its way, and a view of it for each length. */
const words = new Int32Array(SMALL_PAYLOAD_MAX / 4)
const views = Array.from({ length: SMALL_PAYLOAD_MAX + 1 }, (_, length) => new Uint8Array(words.buffer, 0, length))

/**
 * Copies a payload into a Buffer of its own, without a call of native code: that would take as long again. The loop reads whole words, also those that the payload ends in, because
 * a record is padded to whole blocks.
 *
 * @param block the record's offset in blocks of `RECORD_ALIGNMENT`.
 */
export function copySmallPayload(segment: MappedSegment, block: number, length: number): Buffer {
  const from = (block << WORDS_PER_BLOCK_SHIFT) + HEADER_WORDS
  const count = (length + 3) >> 2
  for (let index = 0; index < count; index++) words[index] = segment.words[from + index] as number
  return new OwnBuffer(views[length] as Uint8Array)
}
