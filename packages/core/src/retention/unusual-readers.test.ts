import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { code, until } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { newQueue, segmentsOf } from '../../test/support/new-queue.js'
import { segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { listReaders, openReader, openWriter, removeReader } from '../index.js'

function lowest(directory: string): number {
  const names = readdirSync(directory).filter((name) => /^\d+\.q$/.test(name))
  return Math.min(...names.map((name) => Number.parseInt(name, 10)))
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 20))

describe('a readers folder with something unusual in it', () => {
  it('L11: a directory that bears a reader’s name pins everything and is named, and appends go on', async () => {
    const { directory, writer } = newQueue({ retention: { consumed: true, maxSegments: 2 } })
    mkdirSync(join(directory, 'readers', 'folder.meta'))
    appendNumbered(writer, 0, 200)
    await turn()
    expect(lowest(directory)).toBe(0)
    expect(writer.explainRetention()[0]).toMatchObject({ deletable: false, pinnedBy: ['folder'] })
    expect(listReaders(directory)).toMatchObject([{ name: 'folder', position: 'bad' }])
    expect(() => openReader(directory, 'folder')).toThrowError(code('ERR_IO', { errnoName: 'EISDIR' }))
    rmdirSync(join(directory, 'readers', 'folder.meta'))
    await until(() => lowest(directory) === writer.position.segmentId - 1)
    writer.close()
  })

  it('L11: a reader that cannot be looked at keeps everything, appends go on, and whoever asks is told why', async () => {
    const { directory, writer } = newQueue({ retention: { maxSegments: 2 } })
    const path = join(directory, 'readers', 'loop.meta')
    symlinkSync('loop.meta', path)
    // Over many rolls without a turn of the event loop, and then in one.
    appendNumbered(writer, 0, 200)
    await turn()
    appendNumbered(writer, 200, 220)
    await turn()
    expect(lowest(directory)).toBe(0)
    const failure = code('ERR_LINK', { path })
    expect(() => writer.explainRetention()).toThrowError(failure)
    expect(() => listReaders(directory)).toThrowError(failure)
    rmSync(path)
    await until(() => lowest(directory) === writer.position.segmentId - 1)
    writer.close()
  })

  it('a bounded writer says what keeps it from making room', () => {
    const { directory, writer } = newQueue({ maxSegments: 3 })
    openReader(directory, 'done').close()
    const path = join(directory, 'readers', 'loop.meta')
    symlinkSync('loop.meta', path)
    expect(() => appendNumbered(writer, 0, 200)).toThrowError(code('ERR_LINK', { path }))
    const { nextSequence } = writer
    rmSync(path)
    using reader = openReader(directory, 'done')
    expect(drainSequences(reader)).toEqual(range(0, nextSequence))
    reader.commit()
    expect(writer.append(1, Buffer.alloc(1000))).toBe(nextSequence)
    writer.close()
  })

  it('what is not a reader’s file pins nothing', async () => {
    const { directory, writer } = newQueue({ retention: { maxSegments: 2 } })
    const folder = join(directory, 'readers')
    writeFileSync(join(folder, 'notes.txt'), 'x')
    writeFileSync(join(folder, '.hidden.meta'), 'x')
    expect(listReaders(directory)).toEqual([])
    appendNumbered(writer, 0, 200)
    await until(() => lowest(directory) === writer.position.segmentId - 1)
    writer.close()
  })

  it('a reader that is just opening, with an empty file and its lock, pins everything', () => {
    const { directory, writer } = newQueue({ retention: { maxSegments: 2 } })
    const reader = openReader(directory, 'opening')
    // As between making the file and saving the first position in it.
    writeFileSync(join(directory, 'readers', 'opening.meta'), Buffer.alloc(80))
    appendNumbered(writer, 0, 100)
    expect(writer.explainRetention()[0]).toMatchObject({ deletable: false, pinnedBy: ['opening'] })
    expect(drainSequences(reader)).toEqual(range(0, 100))
    reader.close()
    writer.close()
  })

  it('L55: a folder that is a link is not followed: nothing is deleted, appends go on, and the caller who asks gets the reason', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    openWriter(directory, { segmentSize: 4096 }).close()
    symlinkSync(temporaryDirectory(), join(directory, 'readers'))
    const writer = openWriter(directory, { retention: { maxSegments: 2 } })
    appendNumbered(writer, 0, 200)
    await turn()
    expect(lowest(directory)).toBe(0)
    const failure = code('ERR_LINK', { path: join(directory, 'readers') })
    expect(() => listReaders(directory)).toThrowError(failure)
    expect(() => writer.explainRetention()).toThrowError(failure)
    expect(() => openReader(directory, 'a')).toThrowError(failure)
    rmSync(join(directory, 'readers'))
    appendNumbered(writer, 200, 220)
    await until(() => lowest(directory) === writer.position.segmentId - 1)
    writer.close()
  })
})

describe('listing readers', () => {
  it('of a queue that was not read yet gives none, and of what is not a queue says why', () => {
    const { directory, writer } = newQueue()
    expect(listReaders(directory)).toEqual([])
    writer.close()
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, 'x')
    expect(() => listReaders(file)).toThrowError(code('ERR_NOT_A_QUEUE'))
    writeFileSync(join(directory, 'readers'), 'x')
    expect(() => listReaders(directory)).toThrowError(code('ERR_NOT_A_QUEUE'))
  })

  it('gives them by name with what they saved, good or bad', () => {
    const { directory, writer } = newQueue()
    appendNumbered(writer, 0, 3)
    for (const name of ['b', 'a', 'c']) {
      using reader = openReader(directory, name)
      reader.next()
      if (name !== 'b') reader.commit()
    }
    writeFileSync(join(directory, 'readers', 'c.meta'), 'damaged')
    const [first, second, third] = listReaders(directory)
    expect([first?.name, second?.name, third?.name]).toEqual(['a', 'b', 'c'])
    expect(first?.position).toMatchObject({ segmentId: 0, offset: 192 })
    expect(second?.position).toMatchObject({ segmentId: 0, offset: 64 })
    expect(third?.position).toBe('bad')
    writer.close()
  })
})

describe('removing a reader', () => {
  it('forgets its position, good or damaged, and lets go what it pinned', async () => {
    const { directory, writer } = newQueue({ retention: { consumed: true } })
    openReader(directory, 'slow').close()
    writeFileSync(join(directory, 'readers', 'broken.meta'), 'damaged')
    using fast = openReader(directory, 'fast')
    appendNumbered(writer, 0, 200)
    drainSequences(fast)
    fast.commit()
    expect(removeReader(directory, 'slow')).toBe(true)
    expect(removeReader(directory, 'slow')).toBe(false)
    expect(removeReader(directory, 'broken')).toBe(true)
    await until(() => lowest(directory) === writer.position.segmentId)
    expect(listReaders(directory).map(({ name }) => name)).toEqual(['fast'])
    writer.close()
  })

  it('is refused while it is open, and for what is not a name', () => {
    const { directory, writer } = newQueue()
    using reader = openReader(directory, 'open')
    expect(() => removeReader(directory, 'open')).toThrowError(code('ERR_READER_ACTIVE', { reader: 'open' }))
    for (const name of ['../control', '../nothing', '', 7])
      expect(() => removeReader(directory, name as string)).toThrowError(code('ERR_INVALID_ARGUMENT', { argument: 'name' }))
    mkdirSync(join(directory, 'readers', 'folder.meta'))
    expect(() => removeReader(directory, 'folder')).toThrowError(code('ERR_IO', { errnoName: 'EISDIR' }))
    expect(existsSync(reader.directory)).toBe(true)
    writer.close()
  })
})

describe('a segment that the system refuses to delete', () => {
  it('is named to the caller that asks for the deletion, until it can be deleted', async () => {
    const { directory, writer } = newQueue({ retention: { maxSegments: 1 } })
    const path = segmentFile(directory, 0)
    appendNumbered(writer, 0, 10)
    rmSync(path)
    mkdirSync(path)
    writer.roll()
    const refused = expect.objectContaining({ code: expect.stringMatching(/^ERR_(IO|PERMISSION)$/), path })
    await expect(writer.applyRetention()).rejects.toThrowError(refused)
    rmdirSync(path)
    await writer.applyRetention()
    expect(segmentsOf(directory)[0]).toBe(1)
    writer.close()
  })
})
