import { describe, expect, it } from 'vitest'
import { InterruptedError } from '../../command-error.js'
import { lookAgainAndAgain } from './look-again.js'

describe('looking again and again', () => {
  it('ends when a look was interrupted, although no signal was heard', async () => {
    let looks = 0
    await lookAgainAndAgain(new AbortController().signal, 1, async () => {
      looks++
      if (looks === 3) throw new InterruptedError('interrupted')
    })
    expect(looks).toBe(3)
  })

  it('ends when it is aborted while it waits', async () => {
    const abort = new AbortController()
    await lookAgainAndAgain(abort.signal, 1_000_000, async () => void setImmediate(() => abort.abort()))
  })

  it('throws what a look throws', async () => {
    const failing = lookAgainAndAgain(new AbortController().signal, 1, () => Promise.reject(new Error('gone')))
    await expect(failing).rejects.toThrow('gone')
  })
})
