import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { mapNewFile, temporaryFolder } from '../test/temporary-files.js'
import { binding, WAIT_CHANGED, WAIT_TIMED_OUT } from './index.js'

const folder = temporaryFolder()
const ADDON = new URL('../dist/index.js', import.meta.url).href

/** A thread that maps the same file and runs `code` with `binding`, `words`, `mapping` once this thread lets it begin. */
async function startThread(path: string, code: string): Promise<{ begin: () => void; ended: Promise<unknown> }> {
  const source = `
    const { parentPort } = require('node:worker_threads')
    const fs = require('node:fs')
    import(${JSON.stringify(ADDON)}).then(({ binding }) => {
      const fd = fs.openSync(${JSON.stringify(path)}, 'r+')
      const mapping = binding.mapFile(fd, 4096, true)
      const words = new Int32Array(mapping)
      parentPort.once('message', () => { ${code} })
      parentPort.postMessage('ready')
    })`
  const worker = new Worker(source, { eval: true })
  await once(worker, 'message')
  return { begin: () => worker.postMessage('begin'), ended: once(worker, 'exit') }
}

describe('futexWait', () => {
  const mapping = mapNewFile(join(folder, 'alone'), 4096)

  it('returns at once when the word is another one', () => {
    expect(binding.futexWait(mapping, 0, 1, 60_000)).toBe(WAIT_CHANGED)
  })

  it.each([0, 0.5, 5, -1, Number.NaN])('gives up after %d ms', (timeoutMs) => {
    expect(binding.futexWait(mapping, 0, 0, timeoutMs)).toBe(WAIT_TIMED_OUT)
  })

  it('wakes when another thread changes the word and wakes', async () => {
    const path = join(folder, 'pair')
    const shared = mapNewFile(path, 4096)
    const thread = await startThread(
      path,
      'Atomics.store(words, 1, 7); while (binding.futexWake(mapping, 4, 1) === 0 && words[2] === 0);',
    )
    thread.begin()
    expect(binding.futexWait(shared, 4, 0, 60_000)).toBe(WAIT_CHANGED)
    const words = new Int32Array(shared)
    expect(words[1]).toBe(7)
    Atomics.store(words, 2, 1)
    await thread.ended
  })

  it('sleeps on while it is woken without a change', async () => {
    const path = join(folder, 'spurious')
    const shared = mapNewFile(path, 4096)
    const thread = await startThread(
      path,
      'for (let wakes = 0; wakes < 3; ) wakes += binding.futexWake(mapping, 0, 1); words[0] = 1; binding.futexWake(mapping, 0, 1)',
    )
    thread.begin()
    expect(binding.futexWait(shared, 0, 0, 60_000)).toBe(WAIT_CHANGED)
    expect(new Int32Array(shared)[0]).toBe(1)
    await thread.ended
  })

  it('refuses invalid words', () => {
    expect(() => binding.futexWait(mapping, 4093, 0, 1)).toThrow(RangeError)
    expect(() => binding.futexWait(mapping, 4096, 0, 1)).toThrow(RangeError)
    expect(() => binding.futexWait(mapping, 2, 0, 1)).toThrow(RangeError)
    expect(() => binding.futexWait(new ArrayBuffer(8), 0, 0, 1)).toThrow(TypeError)
    expect(() => binding.futexWait(mapping, 0, -1, 1)).toThrow(RangeError)
    expect(() => binding.futexWake(mapping, 4096, 1)).toThrow(RangeError)
  })
})

describe('futexWaitAny', () => {
  const wordsOf = (mapping: ArrayBuffer, count: number) => ({
    mappings: Array.from({ length: count }, () => mapping),
    offsets: Array.from({ length: count }, (_, index) => index * 4),
    expected: new Array<number>(count).fill(0),
  })

  it.each([1, 2, 128, 129, 500])('wakes when the last of %d words changes', async (count) => {
    const path = join(folder, `any-${count}`)
    const mapping = mapNewFile(path, 4096)
    const { mappings, offsets, expected } = wordsOf(mapping, count)
    const last = count - 1
    const thread = await startThread(path, `Atomics.store(words, ${last}, 1); binding.futexWake(mapping, ${last * 4}, 9)`)
    expect(binding.futexWaitAny(mappings, offsets, expected, 5)).toBe(WAIT_TIMED_OUT)
    thread.begin()
    expect(binding.futexWaitAny(mappings, offsets, expected, 60_000)).toBe(WAIT_CHANGED)
    await thread.ended
  })

  it('refuses arrays of different lengths', () => {
    const mapping = mapNewFile(join(folder, 'arrays'), 4096)
    expect(() => binding.futexWaitAny([mapping], [0, 4], [0], 1)).toThrow(TypeError)
    expect(() => binding.futexWaitAny({} as ArrayBuffer[], [0], [0], 1)).toThrow(TypeError)
  })
})

describe('park', () => {
  const parked = (mapping: ArrayBuffer, offset: number, expected: number, timeoutMs: number) =>
    new Promise<number>((resolve) => binding.park([mapping], [offset], [expected], timeoutMs, resolve))

  it('calls back when the word is another one already', async () => {
    const mapping = mapNewFile(join(folder, 'park-now'), 4096)
    expect(await parked(mapping, 0, 5, 60_000)).toBe(WAIT_CHANGED)
  })

  it('calls back when the time is over', async () => {
    const mapping = mapNewFile(join(folder, 'park-time'), 4096)
    expect(await parked(mapping, 0, 0, 5)).toBe(WAIT_TIMED_OUT)
  })

  it('calls back when the word changes, also from this thread', async () => {
    const mapping = mapNewFile(join(folder, 'park-change'), 4096)
    const outcome = parked(mapping, 8, 0, 60_000)
    new Int32Array(mapping)[2] = 1
    binding.futexWake(mapping, 8, 1)
    expect(await outcome).toBe(WAIT_CHANGED)
  })

  it('waits for more words than one kernel call takes, and calls back once', async () => {
    const mapping = mapNewFile(join(folder, 'park-many'), 4096)
    const count = 1000
    const offsets = Array.from({ length: count }, (_, index) => index * 4)
    let calls = 0
    const outcome = await new Promise((resolve) => {
      const whenChanged = (value: number) => {
        calls++
        resolve(value)
      }
      binding.park(
        Array.from({ length: count }, () => mapping),
        offsets,
        new Array(count).fill(0),
        60_000,
        whenChanged,
      )
      new Int32Array(mapping).fill(1)
      for (const offset of offsets) binding.futexWake(mapping, offset, 1)
    })
    expect(outcome).toBe(WAIT_CHANGED)
    await parked(mapping, 0, 1, 20)
    expect(calls).toBe(1)
  })

  it('serves many at once', async () => {
    const mapping = mapNewFile(join(folder, 'park-crowd'), 4096)
    const waiting = Array.from({ length: 400 }, (_, index) => parked(mapping, index * 4, 0, index % 2 === 0 ? 60_000 : 1))
    const words = new Int32Array(mapping)
    for (let index = 0; index < 400; index += 2) {
      words[index] = 1
      binding.futexWake(mapping, index * 4, 1)
    }
    expect(await Promise.all(waiting)).toEqual(
      Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? WAIT_CHANGED : WAIT_TIMED_OUT)),
    )
  })

  it('forgets what is unparked, and ignores unknown tokens', async () => {
    const mapping = mapNewFile(join(folder, 'unpark'), 4096)
    const token = binding.park([mapping], [0], [0], 1, () => expect.unreachable())
    binding.unpark(token)
    binding.unpark(token)
    binding.unpark(123_456_789)
    expect(await parked(mapping, 0, 0, 30)).toBe(WAIT_TIMED_OUT)
  })

  it.each([0, 1])('finds by looking what no wake announces, when the kernel sleeps on %i of the words', async (sleptCount) => {
    const mapping = mapNewFile(join(folder, `park-polled-${sleptCount}`), 4096)
    const outcome = new Promise((resolve) => binding.park([mapping, mapping], [0, 64], [0, 0], 60_000, resolve, sleptCount, 1))
    setTimeout(() => new Int32Array(mapping).fill(1, 16, 17), 5)
    expect(await outcome).toBe(WAIT_CHANGED)
  })

  it('looks on behalf of more words than one thread can sleep on', async () => {
    const mapping = mapNewFile(join(folder, 'park-many-polled'), 4096)
    const words = new Int32Array(mapping)
    const offsets = Array.from({ length: 300 }, (_, index) => index * 4)
    const parks = offsets.map(
      (offset) => new Promise((resolve) => binding.park([mapping, mapping], [offset, 4092], [0, 0], 60_000, resolve, 1, 60_000)),
    )
    words.fill(1, 0, 300)
    for (const offset of offsets) binding.futexWake(mapping, offset, 1)
    expect(new Set(await Promise.all(parks))).toEqual(new Set([WAIT_CHANGED]))
  })

  it('keeps the pages of a mapping that is unmapped meanwhile', async () => {
    const mapping = mapNewFile(join(folder, 'park-unmapped'), 4096)
    const outcome = parked(mapping, 0, 0, 20)
    binding.unmap(mapping)
    expect(await outcome).toBe(WAIT_TIMED_OUT)
  })

  it('refuses to wait for nothing', () => {
    expect(() => binding.park([], [], [], 1, () => {})).toThrow(TypeError)
    const mapping = mapNewFile(join(folder, 'park-bad'), 4096)
    expect(() => binding.park([mapping], [0], [0], 1, undefined as unknown as () => void)).toThrow(TypeError)
  })
})

describe('hasFutexWaitv', () => {
  it('gives one answer', () => {
    expect(binding.hasFutexWaitv()).toBeTypeOf('boolean')
  })
})
