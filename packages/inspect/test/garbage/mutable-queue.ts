import type { RandomNumbers } from './random-numbers.js'

/** A queue's files by name, as a mutation finds and leaves them. */
export interface MutableQueue {
  readonly files: Map<string, Buffer>
  readonly random: RandomNumbers
  /** The readers need not look: they would wait for a process that might still create the control block. */
  writerOnly: boolean
  /** What was changed cannot be distinguished from the truth. */
  mayHide: boolean
  /** A record with right checksums stands in a wrong place: a reader that continues after it takes its sequence, and may skip lower ones. */
  misleads: boolean
}

/** Values that have been trouble somewhere: ends of ranges, neighbours of what stands there, and anything. */
export function strangeValue(random: RandomNumbers, before: bigint, length: number): bigint {
  const limit = 1n << BigInt(8 * length)
  const near = [1n, -1n, 64n, -64n, 4096n, -4096n]
  const values = [0n, 1n, limit - 1n, limit / 2n, 1n << 53n, BigInt(random(100)), BigInt(random(2 ** 31)) * 3n]
  const chosen = random(2) === 0 ? before + (near[random(near.length)] ?? 1n) : (values[random(values.length)] ?? 0n)
  return ((chosen % limit) + limit) % limit
}

export function storeValue(bytes: Buffer, field: { offset: number; length: number }, at: number, value: bigint): void {
  for (let index = 0; index < field.length; index += 1)
    bytes[at + field.offset + index] = Number((value >> BigInt(8 * index)) & 0xffn)
}

export function loadValue(bytes: Buffer, field: { offset: number; length: number }, at: number): bigint {
  let value = 0n
  for (let index = field.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(bytes[at + field.offset + index] ?? 0)
  return value
}

export function oneOf<Item>(random: RandomNumbers, items: readonly Item[]): Item {
  return items[random(items.length)] as Item
}
