import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { openReader } from '@chronicle-ts/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { amount } from '../../../tools/evidence/effort/effort.mjs'
import { memoryQueue } from './index.js'
import { chooseParent, makeFolder, pidNamespace, removeFolder, sweep } from './memory-folder.js'

/** Queues that are made one after the other; a descriptor that leaks with each is seen with far fewer. */
const QUEUES = amount({ short: 200, long: 1000 })

const texts = (messages: readonly { payload: Buffer }[]): string[] => messages.map(({ payload }) => payload.toString())

const append = (queue: ReturnType<typeof memoryQueue>, ...messages: string[]): void => {
  for (const message of messages) queue.writer.append(1, Buffer.from(message))
}

const descriptors = (): number => readdirSync('/proc/self/fd').length

/** Uses up the descriptors, and says with which code no queue can be made. */
const WITHOUT_DESCRIPTORS = `
  import { openSync } from 'node:fs'
  import { memoryBus, memoryQueue } from '@chronicle-ts/testing'
  try {
    for (;;) openSync('/dev/null')
  } catch {}
  for (const make of [memoryQueue, memoryBus])
    try {
      const made = make()
      if (make === memoryBus) made.feedWriter('a')
    } catch (error) {
      console.log(error.code)
    }
`

describe('a queue in memory', () => {
  it('says with a code that the process has no descriptor left', () => {
    const program = ['-c', 'ulimit -n 100; exec "$0" --input-type=module -e "$1"', process.execPath, WITHOUT_DESCRIPTORS]
    const cwd = fileURLToPath(new URL('..', import.meta.url))
    const { stdout, stderr } = spawnSync('sh', program, { cwd, encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: 'ERR_LIMIT\nERR_LIMIT\n', stderr: '' })
  })

  it('drains what was appended since the last time', () => {
    using queue = memoryQueue()
    expect(queue.drain()).toEqual([])
    append(queue, 'a', 'b')
    expect(texts(queue.drain())).toEqual(['a', 'b'])
    append(queue, 'c')
    expect(queue.drain()).toMatchObject([{ sequence: 2, typeId: 1, length: 1 }])
  })

  it('keeps what was appended through a crash, drops an open claim, and leaves readers open', () => {
    using queue = memoryQueue()
    append(queue, 'a', 'b')
    const reader = queue.reader()
    expect(reader.next()?.sequence).toBe(0)
    reader.commit()
    const { writer } = queue
    writer.claim(1, 8).setInt32(0, -1)
    queue.crash()
    expect(writer.closed).toBe(true)
    expect(queue.writer.epoch).toBe(2)
    expect(queue.writer.recovery.map((action) => action.case)).toContain('torn-tail')
    append(queue, 'c')
    expect([reader.next()?.sequence, reader.next()?.payload.toString(), reader.next()]).toEqual([1, 'c', undefined])
    expect(texts(queue.drain())).toEqual(['a', 'b', 'c'])
  })

  it('keeps what was durable when the power is cut, and no more', () => {
    // One segment holds them all: a roll would sync what it leaves.
    using queue = memoryQueue()
    append(queue, ...Array.from({ length: 100 }, (_, index) => `message ${index}`))
    queue.writer.flushSync()
    append(queue, ...Array.from({ length: 100 }, (_, index) => `lost ${index}`))
    const reader = queue.reader()
    expect(reader.poll(150, () => undefined)).toBe(150)
    reader.commit()
    expect(queue.drain()).toHaveLength(200)
    queue.cutPower()
    expect(reader.closed).toBe(true)
    expect(queue.writer.nextSequence).toBe(100)
    append(queue, 'after')
    expect(queue.drain()).toMatchObject([{ sequence: 100 }])
    expect(queue.observer().poll(1000, () => undefined)).toBe(101)
    // It had read more than is left, and continues with the first new message.
    expect(queue.reader().next()?.payload.toString()).toBe('after')
  })

  it('loses everything that was never flushed', () => {
    using queue = memoryQueue()
    append(queue, 'a')
    queue.cutPower()
    expect(queue.drain()).toEqual([])
    append(queue, 'b')
    queue.cutPower()
    expect(queue.writer.nextSequence).toBe(0)
  })

  it('can crash and lose its power again and again', () => {
    using queue = memoryQueue({ segmentSize: 4096, flushPolicy: { everyMessages: 1, wait: true } })
    for (let round = 0; round < 5; round++) {
      append(queue, ...Array.from({ length: 40 }, (_, index) => `${round}.${index}`))
      if (round % 2 === 0) queue.crash()
      else queue.cutPower()
    }
    const read = texts(queue.drain())
    expect(read).toEqual(Array.from({ length: 200 }, (_, index) => `${Math.floor(index / 40)}.${index % 40}`))
  })

  it(`deletes its files, closes its handles, and leaks no descriptor over ${QUEUES} queues`, () => {
    {
      using first = memoryQueue()
      first.reader()
    }
    const before = descriptors()
    let folder = ''
    for (let count = 0; count < QUEUES; count++) {
      using queue = memoryQueue()
      append(queue, 'a')
      const reader = queue.reader()
      reader.next()
      reader.commit()
      folder = join(queue.directory, '..')
    }
    expect(existsSync(folder)).toBe(false)
    expect(descriptors()).toBeLessThanOrEqual(before + 2)
  })

  it('leaves nothing when it cannot be opened', () => {
    const parent = join(makeFolder(), '..')
    onTestFinished(() => undefined)
    const before = readdirSync(parent).length
    expect(() => memoryQueue({ segmentSize: 1 })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }))
    expect(readdirSync(parent).length).toBe(before)
  })

  it('is not used after it was closed', () => {
    const queue = memoryQueue()
    queue.close()
    const calls = [() => queue.drain(), () => queue.crash(), () => queue.cutPower(), () => queue.reader(), () => queue.observer()]
    for (const call of calls) expect(call).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }))
    expect(existsSync(queue.directory)).toBe(false)
  })

  it('closes twice, and the handles of others stay open', () => {
    const queue = memoryQueue()
    using own = openReader(queue.directory, 'own')
    queue.close()
    queue.close()
    expect(own.closed).toBe(false)
  })
})

describe('folders in memory', () => {
  it('are in the folder for temporary files where the system has no memory for them, with a warning', async () => {
    const warned = once(process, 'warning')
    expect(chooseParent('/dev/missing')).toBe(tmpdir())
    expect((await warned)[0]).toMatchObject({
      code: 'CHRONICLE_NO_MEMORY_FOLDER',
      message: expect.stringContaining('/dev/missing'),
    })
  })

  it('belong to the worker that made them; a worker opens handles of its own on the queue of another', async () => {
    using queue = memoryQueue()
    queue.writer.append(1, Buffer.from('from the main thread'))
    const worker = new Worker(new URL('../test/programs/read-in-worker.mjs', import.meta.url), { workerData: queue.directory })
    const [message] = await once(worker, 'message')
    await once(worker, 'exit')
    expect(message).toEqual({ read: 'from the main thread', writer: 'ERR_WRITER_ACTIVE', own: expect.any(String) })
    expect([existsSync(message.own), existsSync(queue.directory)]).toEqual([false, true])
  })

  it('of a worker that is terminated are deleted by the next that is made, and by the end of the process', () => {
    const program = fileURLToPath(new URL('../test/programs/terminate-worker.mjs', import.meta.url))
    const { stdout, status } = spawnSync(process.execPath, [program], { encoding: 'utf8' })
    const { first, second, found } = JSON.parse(stdout)
    expect([status, found]).toEqual([0, { isThere: true, isThereAfterNext: false, keptIsThere: true }])
    expect([existsSync(first), existsSync(second)]).toEqual([false, false])
  })

  it('are deleted for processes that do not exist, and for no others', () => {
    const folder = makeFolder()
    const own = `chronicle-testing-${pidNamespace()}`
    const dead = [`${own}-4194999-77-abc`, `${own}-${process.pid}-1-abc`]
    const inOtherContainer = 'chronicle-testing-4026539999-4194999-77-abc'
    const kept = [inOtherContainer, `${own}-x-77-abc`, 'something-else']
    for (const name of [...dead, ...kept]) mkdirSync(join(folder, name))
    sweep(folder)
    expect(readdirSync(folder).sort()).toEqual([...kept].sort())
    sweep(join(folder, '..'))
    expect(existsSync(folder)).toBe(true)
    removeFolder(folder)
  })
})
