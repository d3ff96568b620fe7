import zlib from 'node:zlib'
import { InvalidArgumentError } from '@chronicle-ts/core'

/** A record begins with its commit word, which is never so large: no segment would hold it. */
const ZSTD_MAGIC = 0xfd2f_b528

/** Functions of Node.js 22.15 and later. */
interface Zstd {
  zstdCompressSync?: (bytes: Uint8Array) => Buffer
  zstdDecompressSync?: (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Buffer
}

/** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` on a version of Node.js that has no zstd. */
export function assertCompression(): void {
  if ((zlib as Zstd).zstdCompressSync === undefined) throw missing()
}

/** @throws as {@link assertCompression}. */
export function compress(bytes: Uint8Array): Uint8Array {
  const { zstdCompressSync } = zlib as Zstd
  if (zstdCompressSync === undefined) throw missing()
  return zstdCompressSync(bytes)
}

/** Returns the records of a body that is compressed or not. @throws as {@link compress}; what the decompressor throws for damaged bytes. */
export function decompress(body: Uint8Array, maxOutputLength: number): Uint8Array {
  const isCompressed = body.length >= 4 && new DataView(body.buffer, body.byteOffset).getUint32(0, true) === ZSTD_MAGIC
  if (!isCompressed) return body
  const { zstdDecompressSync } = zlib as Zstd
  if (zstdDecompressSync === undefined) throw missing()
  return zstdDecompressSync(body, { maxOutputLength })
}

function missing(): InvalidArgumentError {
  return new InvalidArgumentError({
    argument: 'compression',
    value: process.version,
    expected: 'Node.js 22.15 or later for zstd',
  })
}
