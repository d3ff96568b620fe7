/** Makes a plain value that JSON can hold: bigints, dates and numbers that JSON lacks as text, typed arrays as arrays, bytes as base64. */
export function toJsonSafe(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString()
  if (value instanceof Map) return toJsonSafe(Object.fromEntries(value))
  if (value instanceof Set) return Array.from(value, toJsonSafe)
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, toJsonSafe)
  if (Array.isArray(value)) return value.map(toJsonSafe)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toJsonSafe(item)]))
}
