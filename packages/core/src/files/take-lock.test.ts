import { openSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '@chronicle-ts/native'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { closeQuietly } from './close-quietly.js'
import { takeLock } from './take-lock.js'

let ours: number
let theirs: number

beforeEach(() => {
  const path = join(temporaryDirectory(), 'lock')
  ours = openSync(path, 'a+')
  theirs = openSync(path, 'r')
})

afterEach(() => {
  vi.restoreAllMocks()
  closeQuietly(ours)
  closeQuietly(theirs)
})

describe('taking a lock', () => {
  it('gives up at once for a holder that lives', () => {
    binding.tryLock(theirs, true)
    expect(takeLock(ours, () => 0)).toBe(false)
  })

  it('waits for a probe, however little patience there is for a holder that lives', () => {
    binding.tryLock(theirs, false)
    const { tryLock } = binding
    let tries = 0
    vi.spyOn(binding, 'tryLock').mockImplementation((fd, exclusive) => {
      tries++
      if (tries === 10) binding.unlock(theirs)
      return tryLock(fd, exclusive)
    })
    expect(takeLock(ours, () => 0)).toBe(true)
    expect(tries).toBeGreaterThanOrEqual(10)
  })

  it('gives up on a probe that does not end', () => {
    binding.tryLock(theirs, false)
    expect(takeLock(ours, () => 0, performance.now() - 3_600_000)).toBe(false)
  })
})
