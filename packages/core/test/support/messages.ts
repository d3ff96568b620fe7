import type { MessageSource, QueueWriter } from '../../src/index.js'

/** Appends messages `from` to `to - 1`; each says its own number. */
export function appendNumbered(writer: QueueWriter, from: number, to: number): void {
  for (let number = from; number < to; number++) writer.append((number % 7) + 1, numberedPayload(number))
}

/** A payload whose bytes follow from its number: 0 to 300 bytes and the number itself. */
export function numberedPayload(number: number): Buffer {
  const payload = Buffer.alloc(8 + ((number * 37) % 301))
  payload.writeDoubleLE(number)
  for (let at = 8; at < payload.length; at++) payload[at] = (number * 31 + at * 7) & 255
  return payload
}

/** Reads all there is; returns the sequences. */
export function drainSequences(source: MessageSource): number[] {
  const sequences: number[] = []
  for (let message = source.next(); message !== undefined; message = source.next()) sequences.push(message.sequence)
  return sequences
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
