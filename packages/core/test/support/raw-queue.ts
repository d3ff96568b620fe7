import { closeSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  CONTROL_BOOT_ID_OFFSET,
  CONTROL_FILE,
  type ControlBlock,
  decodeControl,
  decodeControlIdentity,
  segmentFileName,
  storeControlIdentity,
  viewOf,
} from '../../src/format/index.js'

/** Overwrites bytes of a file, as a crash, a fault of the disk or a foreign program would. */
export function overwrite(path: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, bytes, 0, bytes.length, offset)
  closeSync(fd)
}

export function readBytes(path: string, offset: number, length: number): Buffer {
  const fd = openSync(path, 'r')
  const bytes = Buffer.alloc(length)
  readSync(fd, bytes, 0, length, offset)
  closeSync(fd)
  return bytes
}

export function readControlFile(directory: string): ControlBlock {
  return decodeControl(viewOf(readFileSync(join(directory, CONTROL_FILE))))
}

export function overwriteControl(directory: string, offset: number, bytes: Uint8Array): void {
  overwrite(join(directory, CONTROL_FILE), offset, bytes)
}

/** As if the machine had been started again since the last writer. */
export function pretendAnotherBoot(directory: string): void {
  overwriteControl(directory, CONTROL_BOOT_ID_OFFSET, Buffer.alloc(16, 0xab))
}

/** As if the directory were the one in which its last writer wrote, and not a copy. */
export function pretendSameFile(directory: string): void {
  const path = join(directory, CONTROL_FILE)
  const control = readFileSync(path)
  const recorded = decodeControlIdentity(control, crc32)
  if (recorded === undefined || recorded === 'bad') return
  const { dev, ino } = statSync(path, { bigint: true })
  storeControlIdentity(control, { device: dev, inode: ino, birthNs: 0n }, crc32)
  overwrite(path, 0, control)
}

export function segmentFile(directory: string, segmentId: number): string {
  return join(directory, segmentFileName(segmentId))
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
