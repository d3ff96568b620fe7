import type { StrategyPaths } from '../layout/bus-layout.js'
import { type Lease, readLease } from '../markers/lease.js'
import { birthStamp, fileStamp, refuseLink } from '../markers/marker-file.js'
import { readWriterEpoch } from '../queue/writer-epoch.js'

/** What one look at a strategy's files found. */
export interface StrategyLook {
  /** Distinguishes one READY from the next; `undefined` when there is none. */
  readonly ready: string | undefined
  /** Distinguishes one LEASE file from the next. */
  readonly leaseStamp: string | undefined
  readonly lease: Lease | undefined
  readonly epoch: number | undefined
  /** Distinguishes the directory of `orders_out` from the next one of its name, and so the queue that stands in it; `undefined` when there is none. */
  readonly queueStamp: string | undefined
  /** Where the next change will show, and what stands there now. */
  readonly watchPath: string
  readonly watchStamp: string
}

/**
 * Looks at a strategy with a handful of system calls; `undefined` when its directory is not there. `previous` saves reading a LEASE that is the same file
 * as then.
 *
 * Markers are read in the reverse of the order in which they are written (epoch, LEASE, READY): a new READY is never seen with an old lease.
 *
 * @throws `ERR_PERMISSION`, `ERR_LIMIT`, `ERR_IO`: the system does not permit the look. `ERR_LINK`: a symbolic link stands in the place of READY.
 */
export function lookAtStrategy(paths: StrategyPaths, previous: StrategyLook | undefined): StrategyLook | undefined {
  // First of all: when the directory is replaced during this look, the next look finds another stamp. Read last, it would be the new one beside the old READY for good.
  const queueStamp = birthStamp(paths.ordersOut, 'directory')
  const ready = fileStamp(paths.ready)
  if (ready !== undefined) {
    const lease = lookAtLease(paths, previous)
    return { ready, ...lease, epoch: readWriterEpoch(paths.ordersOut), queueStamp, watchPath: paths.ready, watchStamp: ready }
  }
  const ordersOut = birthStamp(paths.ordersOut, 'directory')
  if (ordersOut !== undefined) {
    refuseLink(paths.ready)
    const lease = lookAtLease(paths, previous)
    return { ready, ...lease, epoch: undefined, queueStamp: undefined, watchPath: paths.ordersOut, watchStamp: ordersOut }
  }
  const directory = birthStamp(paths.directory, 'directory')
  if (directory === undefined) return undefined
  const nothing = { ready, leaseStamp: undefined, lease: undefined, epoch: undefined, queueStamp: undefined }
  return { ...nothing, watchPath: paths.directory, watchStamp: directory }
}

function lookAtLease(paths: StrategyPaths, previous: StrategyLook | undefined): Pick<StrategyLook, 'lease' | 'leaseStamp'> {
  const leaseStamp = fileStamp(paths.lease)
  if (leaseStamp === undefined) return { leaseStamp, lease: undefined }
  if (leaseStamp === previous?.leaseStamp) return { leaseStamp, lease: previous.lease }
  const reading = readLease(paths.ordersOut)
  return { leaseStamp, lease: reading.kind === 'lease' ? reading.lease : undefined }
}
