import { describe, expect, it } from 'vitest'
import { stageMaker } from '../test/appender-stage.js'
import { APPENDER_NEXT_SEQUENCE, APPENDER_WAKES, binding, type NativeAppender, STATUS_OK } from './index.js'

const stage = stageMaker()

describe('waking', () => {
  it('makes no system call while no reader waits', () => {
    const { appender } = stage(65536)
    for (let index = 0; index < 100; index++) appender.append(1, Buffer.alloc(8))
    expect(appender.state[APPENDER_WAKES]).toBe(0)
  })

  it('L16: the flag of a reader that died parked costs one system call, once', () => {
    const { appender, words } = stage(65536)
    words[98] = 1
    for (let index = 0; index < 10; index++) appender.append(1, Buffer.alloc(8))
    expect(appender.state[APPENDER_WAKES]).toBe(1)
    expect([words[98], words[96]]).toEqual([0, 11])
  })

  it('wakes a parked reader and leaves the word different from what it slept on', async () => {
    const { appender, control, words } = stage(65536)
    const outcome = new Promise((resolve) => binding.park([control], [384], [0], 60_000, resolve))
    words[98] = 1
    appender.append(1, Buffer.alloc(8))
    expect(await outcome).toBe(0)
    expect(words[96]).toBe(2)
  })

  it('wakes for waitersPending and leaves the count to its readers', () => {
    const { appender, words } = stage(65536, false)
    words[97] = 2
    appender.append(1, Buffer.alloc(8))
    appender.append(1, Buffer.alloc(8))
    expect(appender.state[APPENDER_WAKES]).toBe(2)
    expect([words[96], words[97]]).toEqual([2, 2])
  })

  /** Appends until wakes are left to the other thread: after a second in which they found no sleeper. */
  async function neglect(appender: NativeAppender, between: () => Promise<void> = async () => undefined): Promise<void> {
    const begin = binding.realtimeNs()
    for (let before = -1; before !== appender.state[APPENDER_WAKES]; ) {
      await between()
      await new Promise((resolve) => setTimeout(resolve, 10))
      before = appender.state[APPENDER_WAKES] as number
      expect(appender.append(1, Buffer.alloc(8))).toBe(STATUS_OK)
    }
    expect(binding.realtimeNs() - begin).toBeGreaterThan(1_000_000_000n)
  }

  it('L16: a waitersPending without a sleeper costs no wake per append after a second, and is left alone', async () => {
    const { appender, words } = stage(1 << 20)
    words[97] = 1
    await neglect(appender)
    const wakes = appender.state[APPENDER_WAKES] as number
    for (let index = 0; index < 1000; index++) appender.append(1, Buffer.alloc(8))
    expect(appender.state[APPENDER_WAKES]).toBe(wakes)
    expect([words[96], words[97]]).toEqual([appender.state[APPENDER_NEXT_SEQUENCE], 1])
    appender.detach()
  })

  it('L16: so it is while readers with the flag are woken all the time', async () => {
    const { appender, control, words } = stage(1 << 20)
    words[97] = 1
    await neglect(appender, async () => {
      const woken = new Promise((resolve) => binding.park([control], [384], [words[96] as number], 60_000, resolve))
      words[98] = 1
      appender.append(1, Buffer.alloc(8))
      await woken
    })
    const wakes = appender.state[APPENDER_WAKES] as number
    for (let index = 0; index < 100; index++) appender.append(1, Buffer.alloc(8))
    expect(appender.state[APPENDER_WAKES]).toBe(wakes)
    expect(words[97]).toBe(1)
    appender.detach()
  })

  it('L16: so it is when the other thread wakes a reader with the flag', async () => {
    const { appender, control, words } = stage(1 << 20)
    words[97] = 1
    for (let before = -1; before !== appender.state[APPENDER_WAKES]; ) {
      // The last append there left a wake to the other thread. Again where that finds the reader, too: the next append then makes one itself.
      await neglect(appender)
      await new Promise((resolve) => setTimeout(resolve, 20))
      const woken = new Promise((resolve) => binding.park([control], [384], [words[96] as number], 60_000, resolve))
      await new Promise((resolve) => setTimeout(resolve, 20))
      before = appender.state[APPENDER_WAKES] as number
      appender.append(1, Buffer.alloc(8))
      await woken
    }
    words[98] = 1
    appender.append(1, Buffer.alloc(8))
    const wakes = appender.state[APPENDER_WAKES] as number
    for (let index = 0; index < 100; index++) appender.append(1, Buffer.alloc(8))
    expect(appender.state[APPENDER_WAKES]).toBe(wakes)
    appender.detach()
  })

  it('L64: a reader that was stopped while it was counted is woken by every later append', async () => {
    const { appender, control, words } = stage(1 << 20)
    // Counted, and stopped before or in its sleep: no wake finds it.
    Atomics.add(words, 97, 1)
    await neglect(appender)
    // It goes on, takes its one away, and parks again and again.
    Atomics.sub(words, 97, 1)
    for (let round = 0; round < 20; round++) {
      Atomics.add(words, 97, 1)
      const woken = new Promise((resolve) => binding.park([control], [384], [words[96] as number], 60_000, resolve))
      await new Promise((resolve) => setTimeout(resolve, round % 3))
      appender.append(1, Buffer.alloc(8))
      expect(await woken).toBe(0)
      Atomics.sub(words, 97, 1)
    }
    expect(words[97]).toBe(0)
    appender.detach()
  })

  it('L64: a wake that is still owed is made when the appender is detached', async () => {
    const { appender, control, words } = stage(1 << 20)
    words[97] = 1
    await neglect(appender)
    const woken = new Promise((resolve) => binding.park([control], [384], [words[96] as number], 60_000, resolve))
    await new Promise((resolve) => setTimeout(resolve, 20))
    appender.append(1, Buffer.alloc(8))
    appender.detach()
    expect(await woken).toBe(0)
  })

  it('ignores parkedReaders in the base format', () => {
    const { appender, words } = stage(65536, false)
    words[98] = 1
    appender.append(1, Buffer.alloc(8))
    expect([words[96], words[98], appender.state[APPENDER_WAKES]]).toEqual([1, 1, 0])
  })
})
