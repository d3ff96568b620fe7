import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  CONTROL_FILE,
  decodeDurableMark,
  parseSegmentFileName,
  patchesOfMachineStop,
  SEGMENT_HEADER_LENGTH,
} from '@chronicle-ts/core/internal'

/** The files of a queue at one instant, by their path below it. */
export type QueueFiles = ReadonlyMap<string, Buffer>

/** Reads all files of a queue whose writer may be at work in the background. */
export function readFiles(directory: string): QueueFiles {
  const files = new Map<string, Buffer>()
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const bytes = readIfThere(join(directory, name))
    if (bytes !== undefined) files.set(name, bytes)
  }
  return files
}

/**
 * Puts the files back, each in its own inode: recovery distinguishes a queue from a copy of it by the inode of its control block, and readers keep their mappings. Files that are not
 * among them are deleted.
 */
export function restoreFiles(directory: string, files: QueueFiles): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name)
    if (!files.has(name) && statSync(path, { throwIfNoEntry: false })?.isFile()) rmSync(path)
  }
  for (const [name, bytes] of files) overwrite(join(directory, name), bytes)
}

/**
 * What a power cut leaves of these files when the disk has written nothing that it did not have to: the records below the durable mark. The control block makes recovery find that the
 * machine was started since.
 */
export function filesAfterPowerCut(files: QueueFiles): QueueFiles {
  const left = new Map([...files].map(([name, bytes]) => [name, Buffer.from(bytes)]))
  const control = left.get(CONTROL_FILE)
  if (control === undefined) return left
  const mark = decodeDurableMark(control, crc32)
  for (const [name, bytes] of left) {
    const segmentId = parseSegmentFileName(name)
    if (segmentId === undefined || (mark !== undefined && segmentId < mark.segmentId)) continue
    bytes.fill(0, mark !== undefined && segmentId === mark.segmentId ? mark.offset : SEGMENT_HEADER_LENGTH)
  }
  for (const { offset, bytes } of patchesOfMachineStop(control)) control.set(bytes, offset)
  return left
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return statSync(path).isFile() ? readFileSync(path) : undefined
  } catch (error) {
    // A file that was being made, and has its name now.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function overwrite(path: string, bytes: Buffer): void {
  const fd = openSync(path, statSync(path, { throwIfNoEntry: false }) === undefined ? 'w' : 'r+')
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at)
    ftruncateSync(fd, bytes.length)
  } finally {
    closeSync(fd)
  }
}
