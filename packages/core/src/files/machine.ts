import { readFileSync } from 'node:fs'
import { parseProcessStartTime } from '../format/index.js'

let cachedBootId: Uint8Array | undefined

/** The kernel's boot id, 16 bytes: differs after every start of the machine. All zero where /proc does not have it. */
export function bootId(): Uint8Array {
  cachedBootId ??= readBootId()
  return cachedBootId
}

function readBootId(): Uint8Array {
  const id = new Uint8Array(16)
  try {
    const text = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').replaceAll('-', '').trim()
    if (/^[0-9a-f]{32}$/.test(text)) id.set(Buffer.from(text, 'hex'))
  } catch {
    // A container without /proc: the boot id stays absent, and recovery then trusts nothing that it did not verify.
  }
  return id
}

/**
 * Start time of a process in clock ticks since boot, or `undefined` when there is no such process. Together with the pid it names one process for
 * the whole machine run, although pids are reused.
 */
export function processStartTime(pid: number): number | undefined {
  try {
    return parseProcessStartTime(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return undefined
  }
}

/** Clock ticks per second in /proc: 100 on every Linux that Node.js runs on. */
const USER_HZ = 100

/** How long a process with this start time has been running, in milliseconds; NaN when the machine does not say. */
export function processAgeMs(startTime: number): number {
  try {
    const uptimeSeconds = Number.parseFloat(readFileSync('/proc/uptime', 'latin1'))
    return Math.max(0, Math.round((uptimeSeconds - startTime / USER_HZ) * 1000))
  } catch {
    return Number.NaN
  }
}
