import { QUARANTINE_DIRECTORY, type QueueDirectory, segmentFileName, setBytesAside } from '@chronicle-ts/core/internal'
import { ColdFile, readColdFile } from '../cold/cold-file.js'
import { namesIn } from './names-in.js'

/** Bytes that are not a record, and the place where they stand. */
export interface DamagedBytes {
  readonly segmentId: number
  readonly offset: number
  readonly length: number
}

/** Keeps a copy of damaged bytes; `undefined` when there are none any more, or an earlier repair has kept the same. */
export function keepDamage(directory: QueueDirectory, damage: DamagedBytes): string | undefined {
  const bytes = readDamage(directory.self, damage)
  if (bytes === undefined || keptCopy(directory.self, damage, bytes) !== undefined) return undefined
  return setBytesAside(directory, copyName(damage), bytes)
}

/** Whether an earlier repair has kept these bytes. */
export function isDamageKept(directory: string, damage: DamagedBytes): boolean {
  try {
    const bytes = readDamage(directory, damage)
    return bytes !== undefined && keptCopy(directory, damage, bytes) !== undefined
  } catch {
    // What cannot be read cannot be compared: the step says why.
    return false
  }
}

function readDamage(directory: string, { segmentId, offset, length }: DamagedBytes): Buffer | undefined {
  const file = ColdFile.open(`${directory}/${segmentFileName(segmentId)}`)
  if (file === undefined) return undefined
  try {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, file.readAt(bytes, offset))
  } finally {
    file.close()
  }
}

function keptCopy(directory: string, damage: DamagedBytes, bytes: Buffer): string | undefined {
  const folder = `${directory}/${QUARANTINE_DIRECTORY}`
  return namesIn(folder).find((name) => {
    if (!name.endsWith(`-${copyName(damage)}`)) return false
    const kept = readColdFile(`${folder}/${name}`, bytes.length + 1)
    const found = withoutZeros(bytes)
    return kept !== undefined && found.equals(kept.subarray(0, found.length))
  })
}

/** Where a segment was cut, it has more bytes after the repair, all of them zeros. Half of a block that stood at its end is then in the copy only. */
function withoutZeros(bytes: Uint8Array): Buffer {
  let { length } = bytes
  while (length > 0 && bytes[length - 1] === 0) length--
  return Buffer.from(bytes.buffer, bytes.byteOffset, length)
}

function copyName({ segmentId, offset }: DamagedBytes): string {
  return `segment-${segmentId}-offset-${offset}.bin`
}
