/** Shortest payload: a time and an index, as f64. */
export const PAYLOAD_LENGTH_MIN = 16

// Numbers go through these 16 bytes. A DataView of each payload would cost as much as a fast peer does: the engine would have to move a short payload out of its heap.
const numbers = new Float64Array(PAYLOAD_LENGTH_MIN / 8)
const numberBytes = new Uint8Array(numbers.buffer)

/** Makes the message with this index; a receiver can check every byte. */
export function makePayload(length: number, index: number, timeNs = 0): Uint8Array {
  const payload = new Uint8Array(length).fill(index & 0xff, PAYLOAD_LENGTH_MIN)
  numbers[0] = timeNs
  numbers[1] = index
  payload.set(numberBytes)
  return payload
}

/**
 * Returns the time in the message.
 *
 * @throws if it is not the message with this index
 */
export function checkPayload(payload: Uint8Array, length: number, index: number): number {
  if (payload.length !== length) throw new Error(`message ${index} has ${payload.length} bytes instead of ${length}`)
  for (let offset = 0; offset < PAYLOAD_LENGTH_MIN; offset++) numberBytes[offset] = payload[offset] as number
  const timeNs = numbers[0] as number
  const found = numbers[1]
  if (found !== index) throw new Error(`message ${found} instead of ${index}`)
  const filler = index & 0xff
  for (let offset = PAYLOAD_LENGTH_MIN; offset < length; offset++) {
    if (payload[offset] !== filler) throw new Error(`message ${index} has a wrong byte at offset ${offset}`)
  }
  return timeNs
}
