/** What travels through the diamond: one f64, a price (A) or an average of prices (B and C). */
export const PRICE_TYPE = 1
export const AVERAGE_TYPE = 2

export function encodeNumber(value: number): Buffer {
  const payload = Buffer.alloc(8)
  payload.writeDoubleLE(value)
  return payload
}

export function decodeNumber(payload: Buffer): number {
  return payload.readDoubleLE()
}
