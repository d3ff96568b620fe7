import { copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { newQueue, queueOf } from '../../test/support/new-queue.js'
import { segmentFile } from '../../test/support/raw-queue.js'
import { deleteOpenQueue, temporaryDirectory } from '../../test/support/temporary.js'
import { type MessageSource, openObserver, openReader, openWriter } from '../index.js'

/** Reads on, as a program that polls does, until reading ends with an error. */
async function readToTheEnd(source: MessageSource): Promise<{ sequences: number[]; error: unknown }> {
  const sequences: number[] = []
  for (;;) {
    try {
      for (let message = source.next(); message !== undefined; message = source.next()) sequences.push(message.sequence)
    } catch (error) {
      return { sequences, error }
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const replaced = (directory: string): unknown => code('ERR_QUEUE_REPLACED', { category: 'retry', directory })

/** Ways to take a queue away from its path. */
const REPLACEMENTS: [string, (directory: string) => void][] = [
  ['renamed away', (directory) => renameSync(directory, `${directory}.old`)],
  [
    'renamed away, and another is made',
    (directory) => {
      renameSync(directory, `${directory}.old`)
      const writer = openWriter(directory, { segmentSize: 4096 })
      appendNumbered(writer, 0, 100)
      writer.close()
    },
  ],
  [
    'renamed away, and a link leads to another',
    (directory) => {
      renameSync(directory, `${directory}.old`)
      mkdirSync(`${directory}.new`)
      symlinkSync(`${directory}.new`, directory)
    },
  ],
]

describe('L51: a source whose queue is', () => {
  it.each(REPLACEMENTS)('%s delivers what is left in its own, commits there, and ends with a code', async (_, replace) => {
    const { directory, writer } = queueOf(60)
    const reader = openReader(directory, 'r')
    using observer = openObserver(directory)
    for (const source of [reader, observer]) for (const sequence of range(0, 5)) expect(source.next()?.sequence).toBe(sequence)
    replace(directory)
    appendNumbered(writer, 60, 80)
    for (const source of [reader, observer]) {
      const { sequences, error } = await readToTheEnd(source)
      expect(sequences).toEqual(range(5, 80))
      expect(error).toEqual(replaced(directory))
      expect((error as Error).message).toContain(`${directory}.old`)
      expect(() => source.next()).toThrowError(replaced(directory))
    }
    reader.commit()
    reader.close()
    writer.close()
    renameSync(`${directory}.old`, `${directory}.again`)
    using resumed = openReader(`${directory}.again`, 'r')
    expect(resumed.next()).toBeUndefined()
    expect(resumed.opening.kind).toBe('resumed')
  })

  it.each(REPLACEMENTS)('%s ends its waits and its iterators with the code while they sleep', async (_, replace) => {
    const { directory, writer } = newQueue()
    using reader = openReader(directory, 'r')
    using observer = openObserver(directory)
    const sources = [reader, observer]
    const waits = sources.map((source) => source.waitAsync())
    const steps = sources.map((source) => source.messages().next())
    const ends = Promise.allSettled(steps)
    replace(directory)
    expect(await Promise.all(waits)).toEqual(['message', 'message'])
    for (const source of sources) expect(() => source.next()).toThrowError(replaced(directory))
    const rejected = { status: 'rejected', reason: replaced(directory) }
    expect(await ends).toEqual([rejected, rejected])
    writer.close()
  })

  it('renamed away ends a wait that blocks', () => {
    const { directory, writer } = newQueue()
    using reader = openReader(directory, 'r')
    renameSync(directory, `${directory}.old`)
    expect(reader.wait({ timeoutMs: 60_000 })).toBe('message')
    expect(() => reader.next()).toThrowError(replaced(directory))
    writer.close()
  })

  it('reached through a link goes on while the link stays, and ends when it leads elsewhere', async () => {
    const { directory, writer } = queueOf(3)
    const link = join(temporaryDirectory(), 'link')
    symlinkSync(directory, link)
    using observer = openObserver(link)
    expect(drainSequences(observer)).toEqual([0, 1, 2])
    unlinkSync(link)
    symlinkSync(temporaryDirectory(), link)
    expect((await readToTheEnd(observer)).error).toEqual(replaced(link))
    writer.close()
  })

  it('made again in its emptied directory delivers no message of the other queue, and counts what went', async () => {
    const { directory, writer } = queueOf(200)
    const reader = openReader(directory, 'r')
    using observer = openObserver(directory)
    for (const source of [reader, observer]) source.next()
    writer.close()
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true })
    const other = openWriter(directory, { segmentSize: 4096 })
    other.appendBatch(range(0, 300).map(() => ({ typeId: 2, payload: Buffer.from('of the other') })))
    for (const source of [reader, observer]) {
      const texts: string[] = []
      const readOn = (): void => {
        for (let message = source.next(); message !== undefined; message = source.next()) texts.push(message.payload.toString())
      }
      expect(readOn).toThrowError(replaced(directory))
      expect(texts).not.toContain('of the other')
      expect(readOn).toThrowError(expect.objectContaining({ unread: 199 - texts.length }))
    }
    reader.close()
    other.close()
  })

  it('deleted with messages that were not read counts them', async () => {
    const { directory, writer } = queueOf(200)
    using reader = openReader(directory, 'r')
    reader.next()
    deleteOpenQueue(directory)
    const { sequences, error } = await readToTheEnd(reader)
    expect(error).toEqual(replaced(directory))
    expect(error).toMatchObject({ unread: 199 - sequences.length })
    writer.close()
  })

  it('deleted is reported', async () => {
    const { directory, writer } = queueOf(3)
    using observer = openObserver(directory)
    observer.next()
    deleteOpenQueue(directory)
    const { sequences, error } = await readToTheEnd(observer)
    expect(sequences).toEqual([1, 2])
    expect(error).toEqual(replaced(directory))
    writer.close()
  })
})

const remove = (path: string): void => rmSync(path)
const copyOver = (path: string): void => {
  copyFileSync(path, `${path}.copy`)
  renameSync(`${path}.copy`, path)
}

describe('L51: a file of the queue that is replaced or removed under a live source', () => {
  const cut = (path: string): void => truncateSync(path, 0)
  const moveFolder = (path: string): void => renameSync(dirname(path), `${dirname(path)}.old`)
  const copyOverFolder = (path: string): void => {
    moveFolder(path)
    cpSync(`${dirname(path)}.old`, dirname(path), { recursive: true })
  }

  it.each([
    ['removed', remove],
    ['replaced', copyOver],
    ['cut short', cut],
  ])('control.meta %s: readers and observers say so', async (_, change) => {
    const { directory, writer } = queueOf(3)
    using reader = openReader(directory, 'r')
    using observer = openObserver(directory)
    change(join(directory, 'control.meta'))
    for (const source of [reader, observer]) {
      const { sequences, error } = await readToTheEnd(source)
      expect([sequences, error]).toEqual([[0, 1, 2], replaced(directory)])
      expect((error as Error).message).toContain(join(directory, 'control.meta'))
    }
    writer.close()
  })

  it.each([
    ['removed', remove],
    ['replaced', copyOver],
    ['cut short', cut],
  ])('the position file %s: the reader says so when it has caught up, and when it commits', async (_, change) => {
    const { directory, writer } = queueOf(200)
    using reader = openReader(directory, 'r')
    using other = openReader(directory, 'other')
    const path = join(directory, 'readers', 'r.meta')
    change(path)
    const commitOn = async (): Promise<void> => {
      for (;;) {
        reader.commit()
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    await expect(commitOn()).rejects.toThrowError(replaced(directory))
    expect((await readToTheEnd(reader)).error).toEqual(replaced(directory))
    expect(drainSequences(other)).toEqual(range(0, 200))
    other.commit()
    other.close()
    writer.close()
  })

  it.each([
    ['moved', moveFolder],
    ['replaced', copyOverFolder],
  ])('the folder of the position files %s: every reader says so', async (_, change) => {
    const { directory, writer } = queueOf(20)
    using reader = openReader(directory, 'r')
    using other = openReader(directory, 'other')
    change(join(directory, 'readers', 'r.meta'))
    for (const source of [reader, other]) expect((await readToTheEnd(source)).error).toEqual(replaced(directory))
    writer.close()
  })
})

describe('L51: sources that sleep in one queue, of which one looks for all', () => {
  interface Sleeper {
    readonly source: MessageSource
    readonly ended: Promise<unknown>
  }

  function sleepers(directory: string, names: readonly string[]): Map<string, Sleeper> {
    const all = names.map((name): [string, Sleeper] => {
      const source = name === 'observer' ? openObserver(directory) : openReader(directory, name)
      drainSequences(source)
      return [name, { source, ended: source.waitAsync().catch((error: unknown) => error) }]
    })
    return new Map(all)
  }

  const NAMES = ['observer', 'a', 'b', 'c']

  it.each([
    ['removed', remove],
    ['replaced', copyOver],
  ])(
    'end alone when their position file is %s, and are woken when the folder of positions changes otherwise',
    async (_, change) => {
      const { directory, writer } = queueOf(3)
      const all = sleepers(directory, NAMES)
      // Old enough that its time shows changes.
      await new Promise((resolve) => setTimeout(resolve, 2500))
      change(join(directory, 'readers', 'b.meta'))
      const alone = all.get('b') as Sleeper
      await alone.ended
      expect(() => alone.source.next()).toThrowError(replaced(directory))
      appendNumbered(writer, 3, 4)
      for (const name of NAMES) {
        if (name !== 'b') expect(await all.get(name)?.ended).toBe('message')
        all.get(name)?.source.close()
      }
      writer.close()
    },
  )

  it('all end when the queue is replaced, and when a segment is cut short', async () => {
    const { directory, writer } = queueOf(3)
    const all = sleepers(directory, NAMES)
    truncateSync(segmentFile(directory, 0), 0)
    for (const { source, ended } of all.values()) {
      await ended
      expect(() => source.next()).toThrowError(code('ERR_SEGMENT_TRUNCATED'))
      source.close()
    }
    writer.close()
    const other = queueOf(3)
    const replacedOnes = sleepers(other.directory, NAMES)
    renameSync(other.directory, `${other.directory}-moved`)
    for (const { source, ended } of replacedOnes.values()) {
      await ended
      expect(() => source.next()).toThrowError(replaced(other.directory))
      source.close()
    }
    other.writer.close()
  })
})

describe('L51: a segment that should be there', () => {
  it('and is not, nor any above it, is damage and never the end', () => {
    const { directory, writer } = queueOf(60)
    const head = writer.position.segmentId
    writer.close()
    for (const id of range(1, head + 1)) rmSync(segmentFile(directory, id))
    using observer = openObserver(directory)
    let last: unknown
    const read = (): void => {
      for (let message = observer.next(); message !== undefined; message = observer.next()) last = message.segmentId
    }
    expect(read).toThrowError(code('ERR_BAD_SEGMENT', { path: segmentFile(directory, 1) }))
    expect(read).toThrowError(code('ERR_BAD_SEGMENT'))
    expect(last).toBe(0)
  })

  it('L55: and is a link is refused, also by a source that skips', () => {
    const { directory, writer } = queueOf(60)
    rmSync(segmentFile(directory, 1))
    symlinkSync('nowhere', segmentFile(directory, 1))
    for (const options of [{}, { onLost: 'snap', onCorrupt: 'skip' }] as const) {
      using observer = openObserver(directory, options)
      expect(() => drainSequences(observer)).toThrowError(code('ERR_LINK', { path: segmentFile(directory, 1) }))
      expect(observer.lag().bytes).toBeGreaterThan(0)
    }
    writer.close()
  })
})
