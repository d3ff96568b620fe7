import { join } from 'node:path'
import { type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import { checkMembers, LEASE_FILE, LEASE_TEMPORARY_FILE, pathOf } from '@chronicle-ts/core/internal'
import { isSymbolicLink, readMarker, replaceMarker } from './marker-file.js'
import type { ProcessIdentity } from './process-identity.js'

/**
 * What a queue's owner says about itself in `LEASE`, renewed while it runs. The lease explains; whether the owner lives is decided by the writer lock,
 * see `judgeLiveness`.
 */
export interface Lease extends ProcessIdentity {
  /** The writer's epoch: +1 at every open of the queue for writing. */
  readonly epoch: number
  /** Wall-clock time of the last renewal, nanoseconds since 1970. For people: wall clocks step, so nothing is decided by it. */
  readonly timestampNs: bigint
  /** The owner left in good order. Absent in the file while it runs. */
  readonly closed: boolean
}

/**
 * What was found at a LEASE.
 *
 * - `lease`: one of this library.
 * - `absent`: no such file.
 * - `empty`: a file without text, as the Rust implementation leaves it.
 * - `unreadable`: text that is not a lease (cut short, foreign, fields of wrong types), or a symbolic link; `detail` says what is wrong with it.
 */
export type LeaseReading =
  | { readonly kind: 'lease'; readonly lease: Lease }
  | { readonly kind: 'absent' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unreadable'; readonly detail: string }

/** Writes a queue's LEASE in one step. Only the process that holds the writer lock may. A symbolic link in its place is refused (`ERR_LINK`). */
export function writeLease(queueDirectory: DirectoryPath, lease: Lease): void {
  const directory = pathOf(queueDirectory, 'queueDirectory')
  replaceMarker(join(directory, LEASE_FILE), join(directory, LEASE_TEMPORARY_FILE), formatLease(lease))
}

/**
 * Reads a queue's LEASE. Every content of the file is a result.
 *
 * @throws `ERR_PERMISSION`, `ERR_LIMIT`, `ERR_IO`: the system does not let us read.
 */
export function readLease(queueDirectory: DirectoryPath): LeaseReading {
  const path = join(pathOf(queueDirectory, 'queueDirectory'), LEASE_FILE)
  const text = readMarker(path)
  if (text === undefined) return { kind: 'absent' }
  if (text === '' && isSymbolicLink(path)) return { kind: 'unreadable', detail: 'a symbolic link' }
  return parseLease(text)
}

/**
 * One line of JSON. `timestampNs` stands in quotes, because as a JSON number it would lose its last digits in most parsers.
 *
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` for what {@link parseLease} would not take.
 */
export function formatLease(lease: Lease): string {
  const { pid, startTime, bootId, epoch, timestampNs, closed } = Object(lease) as Lease
  const reading = fromMembers({
    pid,
    startTime,
    bootId,
    epoch,
    timestampNs: typeof timestampNs === 'bigint' ? `${timestampNs}` : undefined,
  })
  if (reading.kind === 'unreadable')
    throw new InvalidArgumentError({ argument: 'lease', value: lease, expected: `a lease, and ${reading.detail}` })
  const members = { pid, startTime, bootId, epoch, timestampNs: String(timestampNs) }
  return `${JSON.stringify(closed ? { ...members, closed } : members)}\n`
}

/** Takes a LEASE's text apart. Never throws. Members it does not know are ignored, a `timestampNs` without quotes is accepted. */
export function parseLease(text: string): LeaseReading {
  if (typeof text !== 'string') return { kind: 'unreadable', detail: 'not text' }
  if (/^[\s\0]*$/.test(text)) return { kind: 'empty' }
  let members: unknown
  try {
    members = JSON.parse(text)
  } catch {
    return { kind: 'unreadable', detail: 'not JSON' }
  }
  if (typeof members !== 'object' || members === null || Array.isArray(members))
    return { kind: 'unreadable', detail: 'not a JSON object' }
  return fromMembers(members as Record<string, unknown>)
}

function fromMembers(members: Record<string, unknown>): LeaseReading {
  const { pid, startTime, bootId, epoch, timestampNs, closed } = members
  if (!isCount(pid) || pid === 0) return wrong('pid', pid)
  if (!isCount(startTime)) return wrong('startTime', startTime)
  if (typeof bootId !== 'string') return wrong('bootId', bootId)
  if (!isCount(epoch)) return wrong('epoch', epoch)
  const time = nanoseconds(timestampNs)
  if (time === undefined) return wrong('timestampNs', timestampNs)
  return { kind: 'lease', lease: { pid, startTime, bootId, epoch, timestampNs: time, closed: closed === true } }
}

function nanoseconds(value: unknown): bigint | undefined {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return BigInt(value)
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? BigInt(value) : undefined
}

function wrong(member: string, value: unknown): LeaseReading {
  return { kind: 'unreadable', detail: value === undefined ? `${member} is missing` : `${member} is not what it should be` }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Checks that an argument has what says whose lease it is. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function checkLease(argument: string, lease: unknown): void {
  checkMembers(argument, lease, ['pid', 'startTime', 'bootId', 'epoch'], 'a lease')
}

/** Whether both leases are of the same owner: the same process with the same open of the queue. Renewals do not matter. */
export function isSameOwner(one: Lease, other: Lease): boolean {
  checkLease('one', one)
  checkLease('other', other)
  return one.pid === other.pid && one.startTime === other.startTime && one.bootId === other.bootId && one.epoch === other.epoch
}
