import { describe, expect, it } from 'vitest'
import { someLease } from '../../test/support/temporary-bus.js'
import type { Lease } from './lease.js'
import { judgeLiveness, LeaseWatch } from './liveness.js'
import { ownIdentity } from './process-identity.js'

const ours: Lease = { ...someLease, ...ownIdentity() }
/** A pid that no kernel gives. */
const NO_PID = 2 ** 30

describe('judgeLiveness', () => {
  it('L33: believes a held lock although the pid is not visible here', () => {
    const lease = { ...ours, pid: NO_PID }
    expect(judgeLiveness({ lockHeld: true, lease, unchangedMs: 1e9 })).toEqual({ state: 'alive', reason: 'lock-held' })
  })

  it('L19: believes a free lock although the process of the lease runs', () => {
    expect(judgeLiveness({ lockHeld: false, lease: ours })).toEqual({ state: 'dead', reason: 'lock-free' })
  })

  it('L18: takes an idle owner that holds the lock for alive', () => {
    expect(judgeLiveness({ lockHeld: true, lease: { ...ours, timestampNs: 0n }, unchangedMs: 1e9 }).state).toBe('alive')
  })

  it('says unknown when there is neither lock nor lease', () => {
    expect(judgeLiveness({ lockHeld: undefined, lease: undefined })).toEqual({ state: 'unknown', reason: 'no-lease' })
  })

  it('considers an owner of an earlier machine run dead, also when another process has its pid', () => {
    const lease = { ...ours, bootId: someLease.bootId }
    expect(judgeLiveness({ lockHeld: undefined, lease })).toEqual({ state: 'dead', reason: 'other-boot' })
  })

  it('considers an owner dead that wrote its last LEASE record', () => {
    expect(judgeLiveness({ lockHeld: undefined, lease: { ...ours, closed: true } })).toEqual({
      state: 'dead',
      reason: 'lease-closed',
    })
  })

  it('takes a process with the pid and the start time of the lease for the owner', () => {
    expect(judgeLiveness({ lockHeld: undefined, lease: ours })).toEqual({ state: 'alive', reason: 'process-runs' })
  })

  it('does not take another process with a reused pid for the owner', () => {
    const lease = { ...ours, startTime: ours.startTime + 1 }
    expect(judgeLiveness({ lockHeld: undefined, lease })).toEqual({ state: 'unknown', reason: 'lease-unwatched' })
    expect(judgeLiveness({ lockHeld: undefined, lease, unchangedMs: 6000 })).toEqual({ state: 'dead', reason: 'lease-unchanged' })
  })

  it('L33: takes an owner that is not visible for alive while it renews', () => {
    const evidence = { lockHeld: undefined, lease: { ...ours, pid: NO_PID }, renewed: true }
    expect(judgeLiveness({ ...evidence, unchangedMs: 10 })).toEqual({ state: 'alive', reason: 'lease-renewed' })
    expect(judgeLiveness({ ...evidence, unchangedMs: 5000 })).toEqual({ state: 'dead', reason: 'lease-unchanged' })
    expect(judgeLiveness({ ...evidence, unchangedMs: 5000, expiryMs: 6000 }).state).toBe('alive')
  })

  it('does not read the wall clock: a lease from the future or from 1970 is judged by its renewal', () => {
    for (const timestampNs of [0n, 2n ** 63n]) {
      const lease = { ...ours, pid: NO_PID, timestampNs }
      expect(judgeLiveness({ lockHeld: undefined, lease, unchangedMs: 10, renewed: true }).state).toBe('alive')
    }
  })
})

describe('LeaseWatch', () => {
  it('knows nothing before the first reading, and counts from it', () => {
    const watch = new LeaseWatch()
    expect(watch.unchangedMs(1000)).toBeUndefined()
    watch.observe(someLease, 1000)
    expect(watch.unchangedMs(4000)).toBe(3000)
    expect(watch.renewed).toBe(false)
  })

  it('starts again at every renewal, also at one that steps back in time', () => {
    const watch = new LeaseWatch()
    watch.observe(someLease, 1000)
    watch.observe({ ...someLease, timestampNs: 5n }, 3000)
    watch.observe({ ...someLease, timestampNs: 5n }, 4000)
    expect(watch.unchangedMs(4500)).toBe(1500)
    expect(watch.renewed).toBe(true)
  })
})
