import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { LEASE_FILE } from '@chronicle-ts/core/internal'
import { readColdFile } from '../cold/cold-file.js'
import type { LockTable } from '../cold/lock-table.js'
import type { ProcessState } from '../cold/process-facts.js'
import type { QueueInspection } from '../cold/queue-inspection.js'
import type { DiskState } from './queue-state.js'

/** What the state of a queue depends on beside its files. */
export interface Surroundings {
  processOf(pid: number): ProcessState
  readonly disk: DiskState | null
  /** When the LEASE of the queue was renewed; `null` when there is none, or when its owner closed it. */
  readonly leaseRenewedNs?: bigint | null
}

/** Asks the kernel. */
export function surroundingsOf(
  { directory, markers }: Pick<QueueInspection, 'directory' | 'markers'>,
  locks: LockTable,
): Surroundings {
  const leaseRenewedNs = markers.lease ? renewalOf(join(directory, LEASE_FILE)) : null
  return { processOf: (pid) => locks.processOf(pid).state, disk: spaceOf(directory), leaseRenewedNs }
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

function spaceOf(directory: string): DiskState | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(directory)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    return null
  }
}
