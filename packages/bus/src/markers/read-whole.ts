import { readSync } from 'node:fs'

/**
 * Fills a buffer from the beginning of a file: a read that returns fewer bytes than there are is no end of the file.
 *
 * @returns how many bytes there were; fewer than the buffer holds only at the end of the file.
 */
export function readWhole(fd: number, into: Uint8Array): number {
  let length = 0
  while (length < into.length) {
    const count = readSync(fd, into, length, into.length - length, length)
    if (count === 0) break
    length += count
  }
  return length
}
