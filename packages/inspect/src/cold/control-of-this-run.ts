import { statSync } from 'node:fs'
import { join } from 'node:path'
import { bootId, CONTROL_FILE, decodeControlIdentity, isSameControlFile } from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'
import type { ColdControl } from './cold-control.js'

/** Whether the control block was written since the machine was started, and not copied from elsewhere: otherwise the segments may be of another moment. */
export function isControlOfThisRun(directory: string, { block, bytes }: ColdControl): boolean {
  if (block === undefined || bytes === undefined || Buffer.compare(block.bootId, bootId()) !== 0) return false
  const recorded = decodeControlIdentity(bytes, (part) => binding.crc32(part))
  if (recorded === undefined || recorded === 'bad') return true
  const stats = statSync(join(directory, CONTROL_FILE), { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return false
  return isSameControlFile(recorded, { device: stats.dev, inode: stats.ino, birthNs: stats.birthtimeNs })
}
