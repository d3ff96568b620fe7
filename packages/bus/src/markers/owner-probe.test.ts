import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { someLease, temporaryFolder } from '../../test/support/temporary-bus.js'
import { writeLease } from './lease.js'
import { OwnerProbe } from './owner-probe.js'
import { currentBootId, ownIdentity } from './process-identity.js'

/** As an owner that is not visible in this pid namespace leaves it. */
const foreign = { ...someLease, pid: 2 ** 30, bootId: currentBootId() }

describe('OwnerProbe', () => {
  it('L18, L19: goes by the lock: an idle writer lives, a closed one does not although its process runs', () => {
    const queue = temporaryFolder()
    const writer = openWriter(queue, { segmentSize: 4096, heartbeatIntervalMs: 0 })
    writeLease(queue, { ...someLease, ...ownIdentity(), timestampNs: 0n })
    const probe = new OwnerProbe(queue, 1)
    probe.look(0)
    expect(probe.look(1e9)).toMatchObject({ state: 'alive', reason: 'lock-held', pid: process.pid })
    writer.close()
    expect(probe.look(1e9)).toMatchObject({ state: 'dead', reason: 'lock-free' })
  })

  it('L33: watches the lease where there is no lock to ask', () => {
    const queue = temporaryFolder()
    const probe = new OwnerProbe(queue, 1000)
    expect(probe.look(0)).toMatchObject({ state: 'unknown', reason: 'no-lease', lease: { kind: 'absent' }, pid: undefined })
    writeLease(queue, foreign)
    expect(probe.look(100)).toMatchObject({ state: 'unknown', reason: 'lease-unwatched', pid: foreign.pid })
    writeLease(queue, { ...foreign, timestampNs: 1n })
    expect(probe.look(600)).toMatchObject({ state: 'alive', reason: 'lease-renewed' })
    expect(probe.look(1599)).toMatchObject({ state: 'alive', reason: 'lease-renewed' })
    expect(probe.look(1600)).toMatchObject({ state: 'dead', reason: 'lease-unchanged' })
    writeLease(queue, { ...foreign, timestampNs: 2n })
    expect(probe.look(1700)).toMatchObject({ state: 'alive', reason: 'lease-renewed' })
  })

  it('says unknown where nothing is left', () => {
    const queue = join(temporaryFolder(), 'queue')
    openWriter(queue, { segmentSize: 4096 }).close()
    rmSync(queue, { recursive: true })
    expect(new OwnerProbe(queue).look()).toMatchObject({ state: 'unknown', reason: 'no-lease' })
  })
})
