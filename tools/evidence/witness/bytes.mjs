/** How the witness reads bytes: files through a window, integers, checksums. Shares no code with the packages. */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import CRC32 from 'crc-32'

const WINDOW_LENGTH = 1 << 20
const ZEROS = Buffer.alloc(1 << 16)
/** @param {Buffer} bytes */
export const crc32 = (bytes) => CRC32.buf(bytes) >>> 0

/** A u64 as a number, or as text where a number would not be exact. @param {Buffer} bytes @param {number} offset */
export function u64(bytes, offset) {
  const value = bytes.readBigUInt64LE(offset)
  return value < 2n ** 53n ? Number(value) : String(value)
}

/** @param {Buffer} bytes @param {number} offset */
export const u64Text = (bytes, offset) => String(bytes.readBigUInt64LE(offset))

/** @param {Buffer} bytes */
export function isZero(bytes) {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length)
    if (part.compare(ZEROS, 0, part.length) !== 0) return false
  }
  return true
}

/** Reads a file through a window, so that segments of gigabytes need no gigabytes here. */
export class FileBytes {
  /** @param {string} path */
  constructor(path) {
    this.fd = openSync(path, 'r')
    this.length = fstatSync(this.fd).size
    this.window = Buffer.alloc(0)
    this.start = 0
  }

  /** The bytes from `offset`; fewer at the file's end. Valid until the next call. @param {number} offset @param {number} length */
  at(offset, length) {
    const end = Math.min(offset + length, this.length)
    if (offset < this.start || end > this.start + this.window.length) {
      this.window = Buffer.alloc(Math.max(0, Math.min(Math.max(length, WINDOW_LENGTH), this.length - offset)))
      this.start = offset
      this.window = this.window.subarray(0, readWhole(this.fd, this.window, offset))
    }
    return this.window.subarray(offset - this.start, Math.max(offset, end) - this.start)
  }

  /** Where the first byte that is not zero stands in `[from, to)`, or -1. @param {number} from @param {number} to */
  firstNonZero(from, to) {
    for (let at = from; at < to; at += ZEROS.length) {
      const part = this.at(at, Math.min(ZEROS.length, to - at))
      if (!isZero(part)) return at + part.findIndex((byte) => byte !== 0)
    }
    return -1
  }

  close() {
    closeSync(this.fd)
  }
}

/** A call reads less than 2 GiB; a payload may be longer. @param {number} fd @param {Buffer} into @param {number} offset */
function readWhole(fd, into, offset) {
  let count = 0
  while (count < into.length) {
    const got = readSync(fd, into, count, Math.min(into.length - count, 1 << 30), offset + count)
    if (got === 0) break
    count += got
  }
  return count
}

/** A file's bytes, or `undefined` where there is no such file. @param {string} path */
export function readIfThere(path) {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
    throw error
  }
}

/** @param {string} directory */
export function namesIn(directory) {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}
