import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Bytes of a file in the format of executables and libraries on Linux, as far as they are read here. All numbers are little-endian. */
const MAGIC = 0x464c457f
const CLASS_OFFSET = 4
const CLASS_64_BIT = 2
const MACHINE_OFFSET = 18
const SEGMENTS_OFFSET = 32
const SEGMENT_LENGTH_OFFSET = 54
const SEGMENT_COUNT_OFFSET = 56
const HEADER_LENGTH = 64
/** Of one entry in the table of segments. */
const SEGMENT_TYPE_MAPPED = 1
const SEGMENT_FILE_OFFSET = 8
const SEGMENT_FILE_LENGTH = 32
const SEGMENT_ENTRY_LENGTH = 56

/** Name of a processor in Node.js -> its number in the file. */
const MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 }

/** The table of segments follows the header, and has about ten entries. */
const HEAD_LENGTH = 4096

/**
 * Says why a file cannot be an addon of this process; `undefined` when it can. The system's loader must not get a file that is cut off: it maps what is missing, and the process
 * ends with SIGBUS. Node.js would run a file of JavaScript.
 */
export function flawOfAddon(path: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'no such file' : `cannot be read (${code})`
  }
  try {
    const file = fstatSync(fd)
    if (!file.isFile()) return 'not a file'
    const head = Buffer.alloc(HEAD_LENGTH)
    return flawOfImage(head.subarray(0, readSync(fd, head, 0, HEAD_LENGTH, 0)), file.size)
  } catch (error) {
    return `cannot be read (${(error as NodeJS.ErrnoException).code})`
  } finally {
    closeSync(fd)
  }
}

/** {@link flawOfAddon} by the first bytes of the file. */
export function flawOfImage(head: Buffer, length: number): string | undefined {
  if (head.length < HEADER_LENGTH || head.readUInt32LE(0) !== MAGIC || head[CLASS_OFFSET] !== CLASS_64_BIT)
    return 'not a compiled addon'
  const machine = MACHINES[process.arch]
  if (machine !== undefined && head.readUInt16LE(MACHINE_OFFSET) !== machine)
    return `compiled for another processor than ${process.arch}`
  const table = Number(head.readBigUInt64LE(SEGMENTS_OFFSET))
  const entryLength = head.readUInt16LE(SEGMENT_LENGTH_OFFSET)
  const count = head.readUInt16LE(SEGMENT_COUNT_OFFSET)
  if (entryLength < SEGMENT_ENTRY_LENGTH || table + count * entryLength > head.length) return 'cut off or damaged'
  for (let at = table; at < table + count * entryLength; at += entryLength) {
    if (head.readUInt32LE(at) !== SEGMENT_TYPE_MAPPED) continue
    const end = head.readBigUInt64LE(at + SEGMENT_FILE_OFFSET) + head.readBigUInt64LE(at + SEGMENT_FILE_LENGTH)
    if (end > length) return `cut off: it has ${length} of at least ${end} bytes`
  }
  return undefined
}
