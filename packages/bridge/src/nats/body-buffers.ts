/** Lengths are rounded up to it, so that a buffer fits messages of nearly the same length. */
const STEP_BYTES = 64 * 1024
/** What is kept for the next messages: as much as a pull has ahead. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024

const lent = new WeakSet<ArrayBufferLike>()
const kept: Buffer[] = []
let keptBytes = 0

/**
 * Buffers for large messages, used again. A buffer for each message would be garbage outside of the heap of V8, which begins a full collection for every 64 MB of it. That was a third
 * of what a pull took of the CPU, and of its memory.
 */
export function lendBuffer(length: number): Buffer {
  const index = kept.findIndex((buffer) => buffer.length >= length && buffer.length < 2 * length + STEP_BYTES)
  const [found] = index < 0 ? [] : kept.splice(index, 1)
  if (found !== undefined) keptBytes -= found.length
  const buffer = found ?? Buffer.allocUnsafeSlow(Math.ceil(length / STEP_BYTES) * STEP_BYTES)
  lent.add(buffer.buffer)
  return buffer
}

/**
 * Gives back the buffer that these bytes are a part of. Nothing may use it afterwards, because the next message is read into it. Bytes of other memory are left alone, and a buffer that is not given back is garbage.
 */
export function giveBackBuffer({ buffer }: Uint8Array): void {
  if (!lent.delete(buffer) || keptBytes + buffer.byteLength > KEPT_BYTES_MAX) return
  keptBytes += buffer.byteLength
  kept.push(Buffer.from(buffer))
}
