import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../test/support/build-queue.js'
import { killedQueue } from '../../test/support/killed-queue.js'
import { range } from '../../test/support/messages.js'
import { overwrite, overwriteControl, readBytes, readControlFile, segmentFile, u64 } from '../../test/support/raw-queue.js'
import { heldDirectory, temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_DIRTY_END_OFFSET } from '../format/index.js'
import { openWriter } from '../index.js'
import { PendingChanges } from './pending-changes.js'
import { quarantineName, setBytesAside, setFileAside } from './set-aside.js'

describe('what is set aside', () => {
  it('L55: has a name of its own each time, and replaces nothing that is kept already', () => {
    const directory = temporaryDirectory()
    const held = heldDirectory(directory)
    const kept = range(0, 50).map((number) => {
      writeFileSync(join(directory, 'file'), `file ${number}`)
      return [setFileAside(held, 'file'), setBytesAside(held, 'bytes', Buffer.from(`bytes ${number}`))]
    })
    expect(new Set(kept.flat()).size).toBe(100)
    expect(kept.map(([file = '', bytes = '']) => [readFileSync(file, 'utf8'), readFileSync(bytes, 'utf8')])).toEqual(
      range(0, 50).map((number) => [`file ${number}`, `bytes ${number}`]),
    )
    expect(existsSync(join(directory, 'file'))).toBe(false)
  })

  it('has a name that sorts after those of before, also within a millisecond', () => {
    const names = range(0, 200).map(() => quarantineName('000000000.q'))
    expect([...names].sort()).toEqual(names)
  })

  it('L55: can be a directory, which has no second name', () => {
    const directory = temporaryDirectory()
    mkdirSync(join(directory, '000000000.q'))
    const kept = setFileAside(heldDirectory(directory), '000000000.q')
    expect([readdirSync(kept), existsSync(join(directory, '000000000.q'))]).toEqual([[], false])
  })

  it('L55: is not written through a link in the place of the quarantine, and nothing is changed', () => {
    const directory = killedQueue(25)
    const elsewhere = temporaryDirectory()
    symlinkSync(elsewhere, join(directory, 'quarantine'))
    const { currentSegment, writeOffset } = readControlFile(directory)
    const path = segmentFile(directory, currentSegment)
    overwrite(path, writeOffset, Buffer.alloc(64, 0x55))
    const before = readFileSync(path)
    expect(() => openWriter(directory)).toThrow(
      expect.objectContaining({ code: 'ERR_LINK', path: join(directory, 'quarantine') }),
    )
    expect(readdirSync(elsewhere)).toEqual([])
    expect(readFileSync(path)).toEqual(before)
  })

  it('L55: nor is anything else of a queue that is a link', () => {
    const elsewhere = join(temporaryDirectory(), 'victim')
    writeFileSync(elsewhere, 'precious')
    for (const name of ['writer.lock', 'control.meta', '000000000.q', 'control.tmp', 'index.tmp']) {
      const directory = join(temporaryDirectory(), 'queue')
      mkdirSync(directory)
      symlinkSync(elsewhere, join(directory, name))
      try {
        openWriter(directory, { segmentSize: 4096 }).close()
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_LINK' })
      }
      expect(readFileSync(elsewhere, 'utf8')).toBe('precious')
    }
  })
})

describe('pending changes', () => {
  it('L55: add everything before they replace anything', () => {
    const done: string[] = []
    const changes = new PendingChanges()
    changes.replace(() => done.push('replace 1'))
    changes.add(() => {
      done.push('add')
      return () => done.push('undo')
    })
    changes.replace(() => done.push('replace 2'))
    changes.apply()
    changes.discard()
    expect(done).toEqual(['add', 'replace 1', 'replace 2'])
  })

  it('L56: take back what they added, the last first, and replace nothing when an addition fails', () => {
    const done: string[] = []
    const changes = new PendingChanges()
    changes.undoWith(() => done.push('undo 0'))
    changes.replace(() => done.push('replace'))
    for (const number of [1, 2])
      changes.add(() => {
        done.push(`add ${number}`)
        return () => done.push(`undo ${number}`)
      })
    changes.add(() => {
      throw new Error('no space')
    })
    expect(() => changes.apply()).toThrow('no space')
    changes.discard()
    expect(done).toEqual(['add 1', 'add 2', 'undo 2', 'undo 1', 'undo 0'])
  })
})

describe('a torn append', () => {
  it('L63: costs what it touched, and nothing after it is looked at', () => {
    const directory = killedQueue(3)
    const { writeOffset } = readControlFile(directory)
    const path = segmentFile(directory, 0)
    overwrite(path, writeOffset + 8, Buffer.alloc(100, 0x77))
    overwriteControl(directory, CONTROL_DIRTY_END_OFFSET, u64(writeOffset + 128))
    // Nothing can stand there; that it stays shows that it was not zeroed.
    overwrite(path, 4000, Buffer.from('far'))
    using writer = openWriter(directory)
    const torn = writer.recovery.find((action) => action.case === 'torn-tail')
    expect(torn).toMatchObject({ offset: writeOffset, detail: `zeroed up to ${writeOffset + 108}` })
    expect(readBytes(path, writeOffset, 128)).toEqual(Buffer.alloc(128))
    expect(readBytes(path, 4000, 3).toString()).toBe('far')
  })

  it('L63: after a writer of the base format is found by what is not zero', () => {
    const directory = join(temporaryDirectory(), 'queue')
    const { writeOffset } = buildQueue(directory, { payloads: textPayloads(3), legacy: true })
    overwrite(segmentFile(directory, 0), writeOffset + 8, Buffer.alloc(100, 0x77))
    using writer = openWriter(directory)
    expect(writer.recovery).toEqual([
      { case: 'torn-tail', segmentId: 0, offset: writeOffset, detail: `zeroed up to ${writeOffset + 108}` },
    ])
    expect(writer.append(1, Buffer.from('x'))).toBe(3)
  })
})
