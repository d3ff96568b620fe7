import { readSync, writeSync } from 'node:fs'

/**
 * Fills a buffer from an offset of a file. A read that returns fewer bytes than there are, as a signal or a network file system may cause, is not an end of the file.
 *
 * @returns how many bytes there were; fewer than the buffer holds only at the end of the file.
 */
export function readWhole(fd: number, into: NodeJS.ArrayBufferView, offset: number): number {
  let length = 0
  while (length < into.byteLength) {
    const count = readSync(fd, into, length, into.byteLength - length, offset + length)
    if (count === 0) break
    length += count
  }
  return length
}

/** Writes all of a buffer at an offset of a file, in as many calls as it takes. A file system that is nearly full takes fewer bytes, and says ENOSPC only when it is asked again. */
export function writeWhole(fd: number, bytes: NodeJS.ArrayBufferView, offset: number): void {
  for (let length = 0; length < bytes.byteLength; )
    length += writeSync(fd, bytes, length, bytes.byteLength - length, offset + length)
}
