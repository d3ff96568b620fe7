import { readFileSync } from 'node:fs'
import { processStartTime } from '@chronicle-ts/core/internal'

/**
 * One process of one machine run: a pid alone is reused within days, pid and start time within one boot are not, and the boot id distinguishes machine runs.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of `/proc/<pid>/stat`: clock ticks since boot. 0 where /proc does not have it. */
  readonly startTime: number
  /** The kernel's boot id in its usual form with hyphens. Empty where /proc does not have it. */
  readonly bootId: string
}

let own: ProcessIdentity | undefined

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  if (own?.pid !== process.pid) own = { pid: process.pid, startTime: processStartTime(process.pid) ?? 0, bootId: currentBootId() }
  return own
}

/** The boot id of this machine run, empty where /proc does not have it. */
export function currentBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return ''
  }
}
