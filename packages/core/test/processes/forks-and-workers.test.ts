import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { isQueueError, openObserver, openReader, openWriter, type QueueWriter } from '../../src/index.js'
import { Child } from '../support/child.js'
import { appendNumbered, drainSequences, range } from '../support/messages.js'
import { temporaryDirectory } from '../support/temporary.js'

/** What is contended for. */
const MESSAGES = amount({ short: 100, long: 400 })
/** How often a worker is terminated. */
const LIVES = amount({ short: 3, long: 8 })

const program = (name: string) => fileURLToPath(new URL(`../programs/${name}.mjs`, import.meta.url))

interface Contention {
  /** How often it was the one. */
  readonly won: number
  readonly sequences: readonly number[]
}

/** Processes and threads that want the same at the same time; answers what each got. */
async function contend(role: 'writer' | 'reader', directory: string, total: number): Promise<Contention[]> {
  const args = [role, directory, String(total)]
  const processes = range(0, 2).map(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [program('contend'), ...args])
    return JSON.parse(stdout) as Contention
  })
  const threads = range(0, 3).map(async () => {
    const [result] = (await once(new Worker(program('contend'), { workerData: args }), 'message')) as [Contention]
    return result
  })
  return await Promise.all([...processes, ...threads])
}

/** What all processes appended or read: each message once. Every process had its turn. */
function expectOnce(results: readonly Contention[], total: number): void {
  const sequences = results.flatMap((result) => result.sequences)
  expect(sequences.sort((one, other) => one - other)).toEqual(range(0, total))
  expect(results.map(({ won }) => won > 0)).toEqual(results.map(() => true))
}

describe('processes and threads on one queue', () => {
  it('of all that open it for writing at once one writes at a time, and no message is lost or doubled', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    expectOnce(await contend('writer', directory, MESSAGES), MESSAGES)
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(range(0, MESSAGES))
  })

  it('L36: of all that want one name at once one reads at a time, each from where the last one stopped', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory, { segmentSize: 4096 })
    appendNumbered(writer, 0, MESSAGES)
    expectOnce(await contend('reader', directory, MESSAGES), MESSAGES)
  })
})

/** Descriptors of this process on files below a folder. */
function descriptorsBelow(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      return []
    }
  })
}

/** Starts a worker, and terminates it in the middle of what it does; returns how many steps it had reported. */
async function terminate(what: string, directory: string): Promise<number> {
  const steps = new Int32Array(new SharedArrayBuffer(4))
  const before = Atomics.load(steps, 0)
  const worker = new Worker(program('endless-worker'), { workerData: { what, directory, steps } })
  const failed = once(worker, 'error').then(([error]) => {
    throw error
  })
  const begun = (async () => {
    while (Atomics.load(steps, 0) === before) await new Promise((resolve) => setTimeout(resolve, 1))
  })()
  await Promise.race([begun, failed])
  failed.catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
  await worker.terminate()
  return Atomics.load(steps, 0)
}

/** The syncs of segments that the worker left hold the lock until they have ended, which takes as long as the disk does. */
function openWhenFree(directory: string): QueueWriter {
  for (;;) {
    try {
      return openWriter(directory)
    } catch (error) {
      if (!isQueueError(error, 'ERR_WRITER_ACTIVE') || !/background work/.test(error.message)) throw error
    }
  }
}

describe('a worker that is terminated', () => {
  for (const what of ['appends', 'flushes']) {
    it(`while it ${what} gives its lock back, and every message whose append returned is there`, async () => {
      const directory = join(temporaryDirectory(), 'queue')
      for (let lives = 0; lives < LIVES; lives++) {
        const appended = await terminate(what, directory)
        using writer = openWhenFree(directory)
        expect(writer.nextSequence).toBeGreaterThanOrEqual(appended)
        writer.append(1, Buffer.alloc(8))
        using observer = openObserver(directory)
        expect(drainSequences(observer)).toEqual(range(0, writer.nextSequence))
      }
      // Segments that were left keep their lock until they are synced, which outlives the worker.
      while (descriptorsBelow(directory).length > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    })
  }

  for (const what of ['waits', 'waits by event loop']) {
    it(`while it ${what} gives its name back, and no reader misses a message`, async () => {
      const directory = join(temporaryDirectory(), 'queue')
      using writer = openWriter(directory, { segmentSize: 4096 })
      using other = openReader(directory, 'other')
      for (let lives = 0; lives < LIVES; lives++) {
        await terminate(what, directory)
        using reader = openReader(directory, 'r')
        const waiting = reader.waitAsync({ timeoutMs: 10_000 })
        writer.append(1, Buffer.alloc(300))
        expect(await waiting).toBe('message')
        expect(drainSequences(other)).toEqual([lives])
      }
    })
  }
})

describe('a program that is started while a queue is open', () => {
  it('inherits no descriptor, and neither lock when its parent is killed', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    const parent = new Child('writer-with-child', [directory])
    const { pid, inherited, nextSequence } = await parent.json<{ pid: number; inherited: string[]; nextSequence: number }>()
    onTestFinished(() => {
      process.kill(pid, 'SIGKILL')
    })
    expect(inherited).toEqual([])
    await parent.kill()
    process.kill(pid, 0)
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBe(nextSequence)
    using reader = openReader(directory, 'r')
    expect(drainSequences(reader)).toEqual(range(0, nextSequence))
  })

  it('does not keep a queue that its parent closes', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    const writer = openWriter(directory, { segmentSize: 4096 })
    const reader = openReader(directory, 'r')
    const child = new Child('parked-reader', [directory, 'other', 1])
    await child.line()
    writer.close()
    reader.close()
    openReader(directory, 'r').close()
    using next = openWriter(directory)
    next.append(1, Buffer.alloc(8))
    expect(await child.line()).toBe('1')
  })
})
