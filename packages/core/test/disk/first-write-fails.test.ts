import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Message, openObserver } from '@chronicle-ts/core'
import { afterEach, describe, expect, it } from 'vitest'
import { FailingDisk, whyNoFailingDisk } from './failing-disk.js'

const PROGRAM = fileURLToPath(new URL('../programs/failing-disk.mjs', import.meta.url))
const NO_DISK = whyNoFailingDisk()

let disk: FailingDisk | undefined
let child: ChildProcess | undefined
afterEach(async () => {
  await end(child)
  disk?.end()
})

/** A disk in use cannot be taken away. */
async function end(process: ChildProcess | undefined): Promise<void> {
  if (process === undefined || process.exitCode !== null || process.signalCode !== null) return
  process.kill('SIGKILL')
  await once(process, 'close')
}

interface Step {
  readonly flushed: string
  readonly appended?: number
  readonly durable?: number
}

function countReadable(directory: string): number {
  const observer = openObserver(directory, { start: 'earliest' })
  try {
    let count = 0
    for (let message = observer.next(); message !== undefined; message = observer.next()) {
      if (!message.payload.every((byte) => byte === 1 + (count % 255))) throw new Error(`message ${count} has other bytes`)
      count++
    }
    return count
  } finally {
    observer.close()
  }
}

/** The physical page that is mapped at the record of a message. */
function frameOf(message: Message): bigint {
  const map = readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .filter((line) => line.endsWith('/queue/000000000.q'))
  if (map.length !== 1) throw new Error(`mapped ${map.length} times`)
  const address = Number.parseInt(map[0] as string, 16) + message.offset
  const entry = Buffer.alloc(8)
  const fd = openSync('/proc/self/pagemap', 'r')
  readSync(fd, entry, 0, 8, Math.floor(address / 4096) * 8)
  closeSync(fd)
  return entry.readBigUInt64LE() & ((1n << 55n) - 1n)
}

describe.skipIf(NO_DISK !== undefined)(`blocks whose first write fails on ext4 ${NO_DISK ?? ''}`, () => {
  for (const how of ['on the background thread', 'in the calling thread', 'by time', 'rolled', 'reopened']) {
    it(`L48: are on the disk once a later flush resolves: ${how}`, async () => {
      disk = new FailingDisk()
      const directory = join(disk.root, 'queue')
      child = spawn(process.execPath, [PROGRAM, directory, how], { stdio: ['pipe', 'pipe', 'inherit'] })
      const { stdin, stdout } = child
      if (stdin === null || stdout === null) throw new Error('no pipes')
      const steps = createInterface({ input: stdout })[Symbol.asyncIterator]()
      const nextStep = async (): Promise<Step> => JSON.parse((await steps.next()).value as string)
      expect(await nextStep()).toEqual({ flushed: 'resolved' })
      disk.break()
      stdin.write('\n')
      expect(await nextStep()).toEqual({ flushed: 'ERR_IO' })
      disk.repair()
      stdin.write('\n')
      const { flushed, appended, durable } = await nextStep()
      expect([flushed, durable]).toEqual(['resolved', appended])
      expect(countReadable(directory)).toBe(appended)
      await end(child)
      disk.unmount()
      disk.mount()
      expect(countReadable(directory)).toBe(appended)
    })
  }

  it('L48: stay in memory for readers while they are written again', async () => {
    disk = new FailingDisk()
    const directory = join(disk.root, 'queue')
    child = spawn(process.execPath, [PROGRAM, directory, 'in the calling thread'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const { stdin, stdout } = child
    if (stdin === null || stdout === null) throw new Error('no pipes')
    const steps = createInterface({ input: stdout })[Symbol.asyncIterator]()
    await steps.next()
    disk.break()
    stdin.write('\n')
    expect(JSON.parse((await steps.next()).value as string)).toEqual({ flushed: 'ERR_IO' })
    using observer = openObserver(directory, { start: { sequence: 1_200 } })
    const message = observer.next() as Message
    expect(message.payload[0]).toBe(1 + (1_200 % 255))
    const before = frameOf(message)
    disk.repair()
    stdin.write('\n')
    expect(JSON.parse((await steps.next()).value as string)).toMatchObject({ flushed: 'resolved' })
    // Touched, so that it is mapped again if it was dropped.
    expect(message.payload[200]).toBe(1 + (1_200 % 255))
    expect([before > 0n, frameOf(message)]).toEqual([true, before])
    observer.close()
    await end(child)
  })
})
