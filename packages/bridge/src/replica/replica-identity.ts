import { closeSync, fdatasyncSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { DirectoryPath } from '@chronicle-ts/core'
import {
  CONTROL_FILE,
  CONTROL_IDENTITY_CRC_OFFSET,
  CONTROL_LENGTH,
  CONTROL_QUEUE_ID_OFFSET,
  CONTROL_REPLICA_TERM_OFFSET,
  CONTROL_SOURCE_QUEUE_ID_OFFSET,
  decodeControl,
  decodeControlIdentity,
  fromSystemError,
  pathOf,
  setUint64,
  storeControlIdentity,
  viewOf,
  writeWhole,
} from '@chronicle-ts/core/internal'

/** What a queue is in replication. */
export interface ReplicaIdentity {
  /** `queueId` of the history: that of the source, also in its replicas. 32 hexadecimal digits; `undefined` for a queue of the base format. */
  readonly queueId: string | undefined
  readonly isReplica: boolean
  readonly term: number
}

/** Returns what the control block of a queue says; `undefined` when there is no queue. */
export function readIdentity(directory: DirectoryPath): ReplicaIdentity | undefined {
  const bytes = readControl(pathOf(directory))
  if (bytes === undefined) return undefined
  const { queueId, sourceQueueId, replicaTerm } = decodeControl(viewOf(bytes))
  const source = idText(sourceQueueId)
  return { queueId: source ?? idText(queueId), isReplica: source !== undefined, term: replicaTerm }
}

/** Makes the queue a replica of this history, or raises its term, and syncs that. The caller holds the writer lock. */
export function becomeReplica(directory: string, { queueId, term }: { readonly queueId: string; readonly term: number }): void {
  change(directory, (bytes) => {
    setUint64(viewOf(bytes), CONTROL_REPLICA_TERM_OFFSET, term)
    bytes.set(Buffer.from(queueId, 'hex'), CONTROL_SOURCE_QUEUE_ID_OFFSET)
  })
}

/** Makes the replica the source of its history: it takes the `queueId` over. The caller holds the writer lock. */
export function becomeSource(directory: string, { queueId, term }: { readonly queueId: string; readonly term: number }): void {
  change(directory, (bytes) => {
    const identity = decodeControlIdentity(bytes, crc32)
    setUint64(viewOf(bytes), CONTROL_REPLICA_TERM_OFFSET, term)
    bytes.fill(0, CONTROL_SOURCE_QUEUE_ID_OFFSET, CONTROL_SOURCE_QUEUE_ID_OFFSET + 16)
    bytes.set(Buffer.from(queueId, 'hex'), CONTROL_QUEUE_ID_OFFSET)
    // Its checksum covers the id.
    if (identity !== undefined && identity !== 'bad') storeControlIdentity(bytes, identity, crc32)
  })
}

/** One write of the bytes from the queue id to the checksum: a crash leaves all of it or nothing. */
function change(directory: string, make: (bytes: Buffer) => void): void {
  const path = join(directory, CONTROL_FILE)
  try {
    const fd = openSync(path, 'r+')
    try {
      const bytes = readFileSync(path)
      make(bytes)
      const range = bytes.subarray(CONTROL_QUEUE_ID_OFFSET, CONTROL_IDENTITY_CRC_OFFSET + 4)
      writeWhole(fd, range, CONTROL_QUEUE_ID_OFFSET)
      fdatasyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw fromSystemError(error, { path })
  }
}

function readControl(directory: string): Buffer | undefined {
  const path = join(directory, CONTROL_FILE)
  try {
    const bytes = readFileSync(path)
    return bytes.length < CONTROL_LENGTH ? undefined : bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fromSystemError(error, { path })
  }
}

function idText(id: Uint8Array): string | undefined {
  return id.every((byte) => byte === 0) ? undefined : Buffer.from(id).toString('hex')
}
