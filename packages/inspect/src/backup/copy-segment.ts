import { closeSync, constants, copyFileSync, fsyncSync, ftruncateSync, lstatSync, openSync, readSync, writeSync } from 'node:fs'

/** Bytes that are copied at a time: large enough for a disk, small enough for a progress line. */
const CHUNK_LENGTH = 4 * 1024 * 1024

const ZEROS = Buffer.alloc(64 * 1024)

/** How a file was copied. */
export type CopyMethod = 'reflink' | 'copy'

/**
 * Copies a segment file, or its first `length` bytes, and gives the copy the size of the segment. Whole files become reflinks where the file system can share their blocks; everywhere else bytes are
 * copied, and runs of zeros stay holes. The copy is synced.
 *
 * @returns `undefined` when the source is gone, or is not a regular file.
 * @throws what the system says when it cannot be read or written.
 */
export function copySegment(
  from: string,
  to: string,
  { length, segmentSize }: { readonly length: number | undefined; readonly segmentSize: number },
): CopyMethod | undefined {
  // What is longer or shorter than a segment, or is not a file at all, is damage: at most the bytes of a segment are taken.
  const stat = lstatSync(from, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile()) return undefined
  if (length === undefined && stat.size === segmentSize) {
    const method = tryReflink(from, to)
    if (method !== 'impossible') return method
  }
  let source: number
  try {
    source = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
  try {
    copyBytes(source, to, { length: Math.min(length ?? segmentSize, segmentSize), segmentSize })
    return 'copy'
  } finally {
    closeSync(source)
  }
}

function tryReflink(from: string, to: string): 'reflink' | undefined | 'impossible' {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'EEXIST') throw cause
    return 'impossible'
  }
  const fd = openSync(to, 'r+')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return 'reflink'
}

function copyBytes(source: number, to: string, { length, segmentSize }: { length: number; segmentSize: number }): void {
  // A failed reflink may have left an empty file.
  const target = openSync(to, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o666)
  try {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_LENGTH, Math.max(1, length)))
    for (let at = 0; at < length; ) {
      const count = readSync(source, chunk, 0, Math.min(chunk.length, length - at), at)
      if (count === 0) break
      writeNonZero(target, chunk.subarray(0, count), at)
      at += count
    }
    ftruncateSync(target, segmentSize)
    fsyncSync(target)
  } finally {
    closeSync(target)
  }
}

function writeNonZero(target: number, bytes: Buffer, at: number): void {
  for (let from = 0; from < bytes.length; from += ZEROS.length) {
    const part = bytes.subarray(from, Math.min(bytes.length, from + ZEROS.length))
    if (part.equals(part.length === ZEROS.length ? ZEROS : ZEROS.subarray(0, part.length))) continue
    for (let done = 0; done < part.length; ) done += writeSync(target, part, done, part.length - done, at + from + done)
  }
}
