import { existsSync, lstatSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { QueueError } from '@chronicle-ts/core'
import { CONTROL_FILE, CONTROL_LENGTH, LOCK_FILE, READY_TEMPORARY_FILE } from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually } from '../../test/support/eventually.js'
import { countDescriptors } from '../../test/support/inotify-watches.js'
import { temporaryFolder } from '../../test/support/temporary-bus.js'
import { RouterDiscovery } from '../discovery/router-discovery.js'
import { BusLayout } from '../layout/bus-layout.js'
import { formatLease, type Lease, readLease, writeLease } from '../markers/lease.js'
import { ownIdentity } from '../markers/process-identity.js'
import { isReady, writeReady } from '../markers/ready-marker.js'
import { openStrategyEndpoints, type StrategyEndpoints, type StrategyEndpointsOptions } from './strategy-endpoints.js'

const opened: StrategyEndpoints[] = []
let folder: string
let layout: BusLayout

beforeEach(() => {
  folder = temporaryFolder()
  layout = new BusLayout(join(folder, 'bus'))
})

afterEach(() => {
  for (const endpoints of opened.splice(0).reverse()) endpoints.close()
})

function strategy(options: StrategyEndpointsOptions = {}): StrategyEndpoints {
  const endpoints = openStrategyEndpoints(layout, 'alpha', { writer: { segmentSize: 4096 }, renewalIntervalMs: 0, ...options })
  opened.push(endpoints)
  return endpoints
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    if (!(error instanceof QueueError)) throw error
    return error.code
  }
  return undefined
}

const moveAway = () => renameSync(layout.strategy('alpha').directory, join(folder, 'away'))

/** Deletes a directory in which a background thread may be making a file. */
const isDeleted = (path: string) => () => {
  try {
    rmSync(path, { recursive: true, force: true })
    return true
  } catch {
    return false
  }
}
const awayFile = (name: string) => join(folder, 'away', 'orders_out', name)
const leaseText = () => readFileSync(layout.strategy('alpha').lease, 'utf8')

it('L52: leaves the marks of a successor in a new directory alone, and writes its last LEASE record in its own', () => {
  const old = strategy()
  old.markReady()
  moveAway()
  const successor = strategy()
  successor.markReady()
  const lease = leaseText()

  expect(codeOf(() => old.renewLease())).toBe('ERR_QUEUE_REPLACED')
  expect(old.marksState).toBe('directory-replaced')
  expect(codeOf(() => old.markReady())).toBe('ERR_QUEUE_REPLACED')
  old.close()
  expect(leaseText()).toBe(lease)
  expect([isReady(successor.paths.ordersOut), successor.isReady]).toEqual([true, true])
  expect(readLease(join(folder, 'away', 'orders_out'))).toMatchObject({ kind: 'lease', lease: { closed: true } })
  expect(existsSync(awayFile('READY'))).toBe(false)
})

it('L52: announces itself again when its directory comes back', () => {
  const alpha = strategy()
  alpha.markReady()
  const lease = leaseText()
  moveAway()
  expect(codeOf(() => alpha.renewLease())).toBe('ERR_NOT_FOUND')
  expect([alpha.marksState, alpha.isReady]).toEqual(['directory-gone', false])
  renameSync(join(folder, 'away'), layout.strategy('alpha').directory)
  alpha.renewLease()
  expect([alpha.marksState, leaseText() === lease]).toEqual(['announced', false])
})

it('L52: reports a renewal by timer that fails, keeps trying, and writes nothing into the next directory of that name', async () => {
  const errors: unknown[] = []
  const alpha = strategy({ renewalIntervalMs: 1, onRenewalError: (error) => errors.push(error) })
  alpha.markReady()
  moveAway()
  await eventually(isDeleted(join(folder, 'away')), 'it was deleted')
  await eventually(() => errors.length > 2, 'it was reported')
  expect(errors[0]).toMatchObject({ name: 'MarksLostError', code: 'ERR_NOT_FOUND', loss: 'directory-gone' })
  layout.createStrategy('alpha')
  await eventually(() => (errors.at(-1) as QueueError).code === 'ERR_QUEUE_REPLACED', 'the new directory was noticed')
  expect(readLease(alpha.paths.ordersOut).kind).toBe('absent')
})

/** What a successor leaves that works in the same directory, because the lock file was deleted under its predecessor. */
const TAKE_OVERS: readonly [string, (ordersOut: string) => void][] = [
  ['no lock file', (ordersOut) => rmSync(join(ordersOut, LOCK_FILE))],
  ['a LEASE with a later epoch', (ordersOut) => writeLease(ordersOut, leaseOf({ pid: 4711, epoch: 2 }))],
  ['a LEASE of another process with the same epoch', (ordersOut) => writeLease(ordersOut, leaseOf({ pid: 4711 }))],
  ['a LEASE of the same process number on another boot', (ordersOut) => writeLease(ordersOut, leaseOf({ bootId: 'another' }))],
  [
    'another epoch in the control block',
    (ordersOut) => {
      const control = readFileSync(join(ordersOut, CONTROL_FILE)).subarray(0, CONTROL_LENGTH)
      control.writeBigUInt64LE(2n, EPOCH_OFFSET)
      writeFileSync(join(ordersOut, 'control.new'), control)
      renameSync(join(ordersOut, 'control.new'), join(ordersOut, CONTROL_FILE))
    },
  ],
  [
    'another lock file',
    (ordersOut) => {
      writeFileSync(join(ordersOut, 'lock.new'), '')
      renameSync(join(ordersOut, 'lock.new'), join(ordersOut, LOCK_FILE))
    },
  ],
]
/** Of the format, checked by what the test sees: an epoch of 1 stands there. */
const EPOCH_OFFSET = 16

function leaseOf(changes: Partial<Lease>): Lease {
  return { ...ownIdentity(), epoch: 1, timestampNs: 1n, closed: false, ...changes }
}

it.each(TAKE_OVERS)('L52: touches nothing any more when it finds %s', (_, takeOver) => {
  const errors: unknown[] = []
  const alpha = strategy({ onRenewalError: (error) => errors.push(error) })
  alpha.markReady()
  expect(readFileSync(join(alpha.paths.ordersOut, CONTROL_FILE)).readBigUInt64LE(EPOCH_OFFSET)).toBe(1n)
  takeOver(alpha.paths.ordersOut)
  const before = [leaseText(), readFileSync(alpha.paths.ready, 'utf8')]
  expect(codeOf(() => alpha.renewLease())).toBe('ERR_LOCK_LOST')
  expect(codeOf(() => alpha.markReady())).toBe('ERR_LOCK_LOST')
  expect([alpha.marksState, alpha.isReady]).toEqual(['taken-over', false])
  alpha.close()
  expect([leaseText(), readFileSync(alpha.paths.ready, 'utf8')]).toEqual(before)
})

it('L52: leaves a READY alone that names another owner', () => {
  const alpha = strategy()
  alpha.markReady()
  writeReady(alpha.paths.ordersOut, formatLease(leaseOf({ pid: 4711, epoch: 2 })))
  alpha.close()
  expect(isReady(alpha.paths.ordersOut)).toBe(true)
})

it('takes back a READY that names no owner, as other implementations write it', () => {
  const alpha = strategy()
  alpha.markReady()
  writeReady(alpha.paths.ordersOut)
  alpha.close()
  expect(isReady(alpha.paths.ordersOut)).toBe(false)
})

it('leaves what a predecessor in another process may have said when its own writer was closed without it', () => {
  const before = countDescriptors(layout.root)
  const alpha = strategy()
  alpha.markReady()
  alpha.ordersOut.close()
  const lease = leaseText()
  alpha.close()
  expect([leaseText(), countDescriptors(layout.root)]).toEqual([lease, before])
})

it('L55: refuses links in the place of marks and writes nothing through them', () => {
  const alpha = strategy()
  const target = join(folder, 'target')
  writeFileSync(target, 'precious')
  const problems: string[] = []
  for (const mark of [alpha.paths.ready, alpha.paths.lease]) {
    symlinkSync(target, mark)
    expect(codeOf(() => alpha.markReady())).toBe('ERR_LINK')
    expect(isReady(alpha.paths.ordersOut)).toBe(false)
    expect(readLease(alpha.paths.ordersOut).kind).toBe(mark === alpha.paths.lease ? 'unreadable' : 'absent')
    using discovery = new RouterDiscovery(layout, { watch: false, onProblem: ({ error }) => problems.push(error.message) })
    expect(discovery.poll()).toEqual([])
    rmSync(mark)
  }
  expect(problems).toHaveLength(1)
  // A temporary file is a crash leftover, and a link is replaced by a file.
  symlinkSync(target, join(alpha.paths.ordersOut, READY_TEMPORARY_FILE))
  alpha.markReady()
  expect(lstatSync(alpha.paths.ready).isSymbolicLink()).toBe(false)
  rmSync(alpha.paths.ready)
  symlinkSync(target, alpha.paths.ready)
  alpha.close()
  expect([readFileSync(target, 'utf8'), lstatSync(alpha.paths.ready).isSymbolicLink()]).toEqual(['precious', true])
})
