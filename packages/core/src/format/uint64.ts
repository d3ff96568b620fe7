/**
 * Unsigned 64-bit fields as JavaScript numbers. Offsets, sequences and counts stay below 2^53 for longer than any queue lives, and a number
 * costs no allocation. A field that holds more than that was not written by a queue. It reads as `Infinity`, which no equality and no upper bound accepts, so that every check
 * of the caller refuses it without a special case.
 */
export function getUint64(view: DataView, offset: number): number {
  const value = view.getUint32(offset + 4, true) * 0x1_0000_0000 + view.getUint32(offset, true)
  return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY
}

/** @throws RangeError when the value is not an integer of 0 to 2^53 - 1. */
export function setUint64(view: DataView, offset: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`Not an unsigned integer below 2^53: value=${value}`)
  view.setUint32(offset, value % 0x1_0000_0000, true)
  view.setUint32(offset + 4, Math.floor(value / 0x1_0000_0000), true)
}

/** The view of all bytes of an array, for the decoders of this folder. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
