import { open } from 'node:fs/promises'

const GZIP_MAGIC = 0x8b1f
/** The length of the content, modulo 2^32, ends a gzip file. */
const GZIP_TRAILER_LENGTH = 4

/**
 * Bytes of a capture once it is decompressed, as far as the file has them; 0 when it does not. A gzip file of several members, or of more than 4 GiB, has too little:
 * good enough to show progress by, and for nothing else.
 */
export async function contentLength(path: string): Promise<number> {
  try {
    await using file = await open(path)
    const stat = await file.stat()
    if (!stat.isFile()) return 0
    const word = async (position: number) => (await file.read({ buffer: Buffer.alloc(4), position })).buffer.readUInt32LE()
    const isGzipped = stat.size > GZIP_TRAILER_LENGTH && ((await word(0)) & 0xffff) === GZIP_MAGIC
    return isGzipped ? await word(stat.size - GZIP_TRAILER_LENGTH) : stat.size
  } catch {
    // The program that opens it for reading will say what is wrong.
    return 0
  }
}
