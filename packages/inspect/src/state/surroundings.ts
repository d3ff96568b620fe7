import { readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { LEASE_FILE } from '@chronicle-ts/core/internal'
import { readColdFile } from '../cold/cold-file.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import type { DiskState } from './queue-state.js'

/** What the state of a queue depends on beside its files. */
export interface Surroundings {
  /** What a process does; `gone` for one that has ended, a zombie too; `null` where it cannot be seen. */
  processOf(pid: number): 'runs' | 'stopped' | 'gone' | null
  readonly disk: DiskState | null
  /** When the LEASE of the queue was renewed; `null` when there is none, or when its owner closed it. */
  readonly leaseRenewedNs?: bigint | null
}

/** Asks the kernel. */
export function surroundingsOf({ directory, markers }: Pick<QueueInspection, 'directory' | 'markers'>): Surroundings {
  const leaseRenewedNs = markers.lease ? renewalOf(join(directory, LEASE_FILE)) : null
  return { processOf: processState, disk: spaceOf(directory), leaseRenewedNs }
}

/** A LEASE is longer by nothing that matters here. */
const LEASE_LENGTH_MAX = 4096

/** Only the time: what a LEASE says otherwise is the bus's to read. */
function renewalOf(path: string): bigint | null {
  try {
    const text = readColdFile(path, LEASE_LENGTH_MAX)?.toString('utf8') ?? ''
    const { timestampNs, closed } = JSON.parse(text) as { timestampNs?: unknown; closed?: unknown }
    return closed === true || typeof timestampNs !== 'string' ? null : BigInt(timestampNs)
  } catch {
    return null
  }
}

function processState(pid: number): 'runs' | 'stopped' | 'gone' | null {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : null
  }
  // The letter follows the name, which may hold anything. T: stopped by a signal; t: by a debugger; Z: a zombie; X: dead.
  const letter = stat[stat.lastIndexOf(')') + 2] ?? ''
  if (letter === 'T' || letter === 't') return 'stopped'
  return /[ZXx]/.test(letter) ? 'gone' : 'runs'
}

function spaceOf(directory: string): DiskState | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(directory)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    return null
  }
}
