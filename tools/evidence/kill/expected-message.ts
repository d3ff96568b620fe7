/**
 * What stands in the message of a sequence. Every process can compute it, so nothing needs to be remembered: a message that is
 * lost, doubled, in the wrong place or damaged is seen at each look.
 */

const LENGTH_MAX = 1500

/** Lengths are mixed: most short, some of several hundred bytes, some none. */
export function expectedLength(sequence: number): number {
  const mixed = mix(sequence)
  if (mixed % 16 === 0) return 0
  return mixed % 7 === 0 ? mixed % LENGTH_MAX : 8 + (mixed % 90)
}

export function expectedType(sequence: number): number {
  return mix(sequence + 0x5bd1) % 0xffff
}

/** A part of something that is kept: to be read, not to be changed. */
export function expectedPayload(sequence: number): Buffer {
  const first = (sequence * 31) & 0xff
  patterns[first] ??= Buffer.from(Array.from({ length: LENGTH_MAX }, (_, index) => first + index * 7 + (index >>> 8)))
  return patterns[first].subarray(0, expectedLength(sequence))
}

/** All payloads by their first byte, as they are needed. */
const patterns: Buffer[] = []

/** What is wrong with a message, or `undefined`. */
export function findDifference(message: {
  readonly sequence: number
  readonly typeId: number
  readonly payload: Uint8Array
}): string | undefined {
  const { sequence, typeId, payload } = message
  if (typeId !== expectedType(sequence)) return `sequence ${sequence} has type ${typeId}, expected ${expectedType(sequence)}`
  const expected = expectedPayload(sequence)
  if (!expected.equals(payload))
    return `sequence ${sequence} has other bytes: ${payload.length} of them, expected ${expected.length}`
  return undefined
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ 0x9e3779b9, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
