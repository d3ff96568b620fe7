import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../test/support/build-queue.js'
import { contentsOf } from '../../test/support/contents.js'
import { makeUnopenable, makeUnreadable } from '../../test/support/faulty-files.js'
import { overwrite, overwriteControl, segmentFile, u32, u64 } from '../../test/support/raw-queue.js'
import { heldDirectory, temporaryDirectory } from '../../test/support/temporary.js'
import {
  CONTROL_EXTENSION_EPOCH_OFFSET,
  CONTROL_FILE,
  CONTROL_INIT_STATE_OFFSET,
  CONTROL_MAGIC_OFFSET,
  CONTROL_SEGMENT_SIZE_OFFSET,
  CONTROL_VERSION_OFFSET,
  SEGMENT_MAGIC_OFFSET,
  SEGMENT_VERSION_OFFSET,
} from '../format/index.js'
import { openObserver, openWriter, type QueueWriter } from '../index.js'
import { createControl } from './create-control.js'
import { mapControl, openControl, readControl } from './open-control.js'

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
  buildQueue(queue, { payloads: textPayloads(3) })
})

describe('opening a control block', () => {
  it.each([
    ['of another kind', CONTROL_MAGIC_OFFSET, u32(7), 'ERR_NOT_A_QUEUE'],
    ['of another version', CONTROL_VERSION_OFFSET, u32(99), 'ERR_UNSUPPORTED_VERSION'],
    ['of an impossible segment size', CONTROL_SEGMENT_SIZE_OFFSET, u64(100), 'ERR_NOT_A_QUEUE'],
  ])('L56: %s is an error for readers until a writer rebuilds it from sound segments', (_, offset, bytes, code) => {
    overwriteControl(queue, offset, bytes)
    expect(() => openControl(heldDirectory(queue), false)).toThrow(expect.objectContaining({ code }))
    using writer = openWriter(queue)
    expect([writer.nextSequence, writer.recovery.map((action) => action.case)]).toEqual([3, ['lost-control']])
    expect(openControl(heldDirectory(queue), false).segmentSize).toBe(4096)
  })

  it.each([
    [
      'is of a later version, as its segments are',
      CONTROL_VERSION_OFFSET,
      u32(4),
      SEGMENT_VERSION_OFFSET,
      'ERR_UNSUPPORTED_VERSION',
    ],
    ['is of another kind, as its segments are', CONTROL_MAGIC_OFFSET, u32(7), SEGMENT_MAGIC_OFFSET, 'ERR_NOT_A_QUEUE'],
  ])('that %s is refused, and nothing is changed', (_, offset, bytes, inSegment, code) => {
    overwriteControl(queue, offset, bytes)
    overwrite(segmentFile(queue, 0), inSegment, bytes)
    const before = contentsOf(queue)
    expect(() => openWriter(queue)).toThrow(expect.objectContaining({ code }))
    expect(contentsOf(queue)).toEqual(before)
  })

  it('that is of a later version and has another layout is refused although its segments are of this one', () => {
    overwriteControl(queue, CONTROL_VERSION_OFFSET, u32(4))
    overwriteControl(queue, CONTROL_SEGMENT_SIZE_OFFSET, u64(77))
    expect(() => openWriter(queue)).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED_VERSION' }))
  })

  it('L56: of which every byte is damaged is rebuilt from sound segments, and none of its numbers counts', () => {
    overwriteControl(queue, 0, Buffer.alloc(512, 0x5a))
    using writer = openWriter(queue)
    expect([writer.nextSequence, writer.epoch]).toEqual([3, 2])
  })

  it('that a writer is making is waited for, and named as not ready after a while', () => {
    overwriteControl(queue, CONTROL_MAGIC_OFFSET, u32(0))
    overwriteControl(queue, CONTROL_INIT_STATE_OFFSET, u32(1))
    expect(readControl(heldDirectory(queue)).state).toBe('unfinished')
    expect(() => openControl(heldDirectory(queue), false)).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_READY', initState: 1 }),
    )
  })

  it('that says ready without a magic is a blank, which a writer makes again', () => {
    overwriteControl(queue, CONTROL_MAGIC_OFFSET, u32(0))
    expect(readControl(heldDirectory(queue)).state).toBe('blank')
    using writer = openWriter(queue)
    expect(writer.nextSequence).toBe(3)
    expect(writer.recovery.map((action) => action.case)).toContain('lost-control')
  })

  it('that is a directory is not a queue', () => {
    rmSync(join(queue, CONTROL_FILE))
    mkdirSync(join(queue, CONTROL_FILE))
    expect(() => openControl(heldDirectory(queue), false)).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }))
    expect(() => openWriter(queue)).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }))
  })

  it.each([
    ['without a target', makeUnopenable],
    ['to another file', makeUnreadable],
  ])('L55: that is a link %s is refused', (_, spoil) => {
    const path = join(queue, CONTROL_FILE)
    spoil(path)
    expect(() => openControl(heldDirectory(queue), false)).toThrow(expect.objectContaining({ code: 'ERR_LINK', path }))
  })

  it('that went away is an error of the system, with its path', () => {
    rmSync(join(queue, CONTROL_FILE))
    for (const writable of [false, true]) {
      expect(() => mapControl(heldDirectory(queue), writable)).toThrow(
        expect.objectContaining({ code: 'ERR_NOT_FOUND', path: join(queue, CONTROL_FILE) }),
      )
    }
  })

  it('distinguishes a directory that is not a queue from a missing one', () => {
    rmSync(join(queue, CONTROL_FILE))
    expect(() => openControl(heldDirectory(queue), false)).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }))
    expect(() => openControl(heldDirectory(join(queue, 'missing')), false)).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_FOUND' }),
    )
    writeFileSync(join(queue, 'file'), '')
    expect(() => openControl(heldDirectory(join(queue, 'file')), false)).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }),
    )
  })
})

describe('making a control block', () => {
  it('in a directory that is gone is an error of the system, and leaves nothing', () => {
    const gone = join(queue, 'gone')
    mkdirSync(gone)
    const directory = heldDirectory(gone)
    rmSync(gone, { recursive: true })
    expect(() => createControl(directory, { segmentSize: 4096 })).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }))
    expect(readControl(directory).state).toBe('absent')
  })
})

describe('what a writer of this library keeps in the control block', () => {
  it('counts as absent under the epoch of another writer', () => {
    const control = openControl(heldDirectory(queue), false)
    expect([control.nextSequenceAcquire(), control.readDirtyEnd(1)]).toEqual([3, 0])
    control.close()
    overwriteControl(queue, CONTROL_EXTENSION_EPOCH_OFFSET, u32(7))
    const outdated = openControl(heldDirectory(queue), false)
    expect([outdated.nextSequenceAcquire(), outdated.readDirtyEnd(0)]).toEqual([undefined, undefined])
    expect(outdated.writerHonoursParkedReaders()).toBe(false)
    outdated.close()
    using observer = openObserver(queue)
    expect(observer.next()?.sequence).toBe(0)
  })
})

it.each(['self', 'at'] as const)(
  'opens a queue, or says that it is not ready, whenever its writer begins while the reader looks (%s)',
  (look) => {
    const directory = join(temporaryDirectory(), 'begun')
    mkdirSync(directory)
    const held = heldDirectory(directory)
    let writer: QueueWriter | undefined
    // At this look at the directory, after the control block was found missing, the writer begins.
    let looks = 0
    const begin = (): void => {
      if (look === 'at' && looks++ === 0) return
      writer ??= openWriter(directory, { segmentSize: 4096 })
    }
    const watched = new Proxy(held, {
      get(target, name) {
        if (name === look) begin()
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    try {
      openControl(watched, false).close()
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_NOT_READY', category: 'retry' })
    } finally {
      writer?.close()
    }
  },
)
