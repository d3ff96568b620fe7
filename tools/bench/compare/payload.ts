/** Shortest payload: a time and an index, as f64. */
export const PAYLOAD_LENGTH_MIN = 16

/** Makes the message with this index; a receiver can check every byte. */
export function makePayload(length: number, index: number, timeNs = 0): Uint8Array {
  const payload = new Uint8Array(length).fill(index & 0xff, PAYLOAD_LENGTH_MIN)
  const view = new DataView(payload.buffer)
  view.setFloat64(0, timeNs, true)
  view.setFloat64(8, index, true)
  return payload
}

/**
 * Returns the time in the message.
 *
 * @throws if it is not the message with this index
 */
export function checkPayload(payload: Uint8Array, length: number, index: number): number {
  if (payload.length !== length) throw new Error(`message ${index} has ${payload.length} bytes instead of ${length}`)
  const view = new DataView(payload.buffer, payload.byteOffset, length)
  const found = view.getFloat64(8, true)
  if (found !== index) throw new Error(`message ${found} instead of ${index}`)
  const filler = index & 0xff
  for (let offset = PAYLOAD_LENGTH_MIN; offset < length; offset++) {
    if (payload[offset] !== filler) throw new Error(`message ${index} has a wrong byte at offset ${offset}`)
  }
  return view.getFloat64(0, true)
}
