import { statSync } from 'node:fs'
import { join } from 'node:path'
import { bootId, CONTROL_FILE, type ControlIdentity, decodeControlIdentity, isSameControlFile } from '@chronicle-ts/core/internal'
import { binding } from '@chronicle-ts/native'
import type { ColdControl } from './cold-control.js'

/** Whether the control block was written since the machine was started, and not copied from elsewhere: otherwise the segments may be of another moment. */
export function isControlOfThisRun(directory: string, control: ColdControl): boolean {
  return isOfThisBoot(control) && isOriginal(directory, control) !== false
}

/** Whether a writer recorded another file than this one in the control block, as a writer decides that. */
export function isCopiedControl(directory: string, control: ColdControl): boolean {
  return isOriginal(directory, control) === false
}

function isOfThisBoot({ block }: ColdControl): boolean {
  return block !== undefined && Buffer.compare(block.bootId, bootId()) === 0
}

/** Whether the control block is the file that a writer recorded in it; `undefined` where none did. Device numbers count only within one run of the machine. */
function isOriginal(directory: string, control: ColdControl): boolean | undefined {
  if (control.bytes === undefined) return undefined
  const recorded = decodeControlIdentity(control.bytes, (part) => binding.crc32(part))
  if (recorded === undefined || recorded === 'bad') return undefined
  const file = identityAt(join(directory, CONTROL_FILE))
  if (file === undefined) return undefined
  return isSameControlFile(isOfThisBoot(control) ? recorded : { ...recorded, device: file.device }, file)
}

function identityAt(path: string): ControlIdentity | undefined {
  try {
    const { dev, ino, birthtimeNs, ctimeNs } = statSync(path, { bigint: true })
    // Without a time of birth some systems report the time of the last change.
    return { device: dev, inode: ino, birthNs: birthtimeNs === ctimeNs ? 0n : birthtimeNs }
  } catch {
    return undefined
  }
}
