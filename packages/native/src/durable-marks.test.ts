import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mapNewFile, preparedSegment, temporaryFolder } from '../test/temporary-files.js'
import { binding, type NativeAppender, STATUS_CLAIM, STATUS_OK, STATUS_UNPREPARED } from './index.js'

const folder = temporaryFolder()
const WAIT_MS = 30_000
let files = 0
const map = (length: number) => mapNewFile(join(folder, `file-${files++}`), length)

function newAppender(extensions = true): { appender: NativeAppender; control: ArrayBuffer; segment: ArrayBuffer } {
  const control = map(512)
  const segment = map(65536)
  const appender = binding.createAppender({ control, writerEpoch: 1, extensions })
  new DataView(segment).setUint32(0, 0x53454730, true)
  appender.attach(segment, 0, 64, 0)
  return { appender, control, segment }
}

const prepared = (name: string) => preparedSegment(join(folder, name), 65536)

function slots(control: ArrayBuffer) {
  const view = new DataView(control)
  return [64, 96].map((at) => ({
    sequence: view.getBigUint64(at, true),
    offset: view.getBigUint64(at + 8, true),
    segment: view.getUint32(at + 16, true),
    generation: view.getUint32(at + 20, true),
    valid: view.getUint32(at + 24, true) === binding.crc32(new Uint8Array(control, at, 24)),
  }))
}

const WRITE_BACK_OFFSET = 252
const append = (appender: NativeAppender, text: string) => appender.append(1, Buffer.from(text))

describe('makeDurable', () => {
  it('marks what was appended, in the two slots in turn, higher generations first', () => {
    const { appender, control } = newAppender()
    for (const text of ['one', 'two', 'three']) {
      append(appender, text)
      expect(binding.jobWait(appender.makeDurable(), WAIT_MS)).toBe(1)
    }
    expect(slots(control)).toEqual([
      { sequence: 2n, offset: 320n, segment: 0, generation: 2, valid: true },
      { sequence: 3n, offset: 448n, segment: 0, generation: 3, valid: true },
    ])
  })

  it('does the same in the calling thread, in turn with jobs', () => {
    const { appender, control } = newAppender()
    append(appender, 'one')
    expect(appender.makeDurableHere()).toBe(0)
    append(appender, 'two')
    expect(binding.jobWait(appender.makeDurable(), WAIT_MS)).toBe(1)
    append(appender, 'three')
    expect(appender.makeDurableHere()).toBe(0)
    expect(slots(control)).toEqual([
      { sequence: 2n, offset: 320n, segment: 0, generation: 2, valid: true },
      { sequence: 3n, offset: 448n, segment: 0, generation: 3, valid: true },
    ])
    expect(new DataView(control).getUint32(WRITE_BACK_OFFSET, true)).toBe(0)
    appender.detach()
    expect(() => appender.makeDurableHere()).toThrow(TypeError)
  })

  it('goes on with the other slot when generations come round', () => {
    const { appender, control } = newAppender()
    const view = new DataView(control)
    view.setUint32(96 + 20, 0xffff_ffff, true)
    view.setUint32(96 + 24, binding.crc32(new Uint8Array(control, 96, 24)), true)
    for (const text of ['one', 'two']) {
      append(appender, text)
      expect(binding.jobWait(appender.makeDurable(), WAIT_MS)).toBe(1)
    }
    expect(slots(control)).toMatchObject([
      { sequence: 1n, generation: 0, valid: true },
      { sequence: 2n, generation: 1, valid: true },
    ])
  })

  it('stores no mark without extensions', () => {
    const { appender, control } = newAppender(false)
    append(appender, 'one')
    expect(binding.jobWait(appender.makeDurable(), WAIT_MS)).toBe(1)
    expect(Buffer.from(control, 64, 64).every((byte) => byte === 0)).toBe(true)
  })

  it('is over with the appender', () => {
    const { appender } = newAppender()
    appender.detach()
    expect(() => appender.makeDurable()).toThrow(TypeError)
  })

  it('L46: names a segment that was left only when that is synced by its name', () => {
    const { appender, control } = newAppender()
    append(appender, 'one')
    appender.roll(prepared('unretired'), 1)
    append(appender, 'two')
    // The appender knows no directory, so what it left cannot be reached: no mark may cover it.
    expect(binding.jobWait(appender.makeDurable(), WAIT_MS)).toBe(-constants.errno.EBADF)
    expect(slots(control).map(({ sequence }) => sequence)).toEqual([0n, 0n])
    // Nothing was refused by the kernel, so nothing has to be written again.
    expect(new DataView(control).getUint32(WRITE_BACK_OFFSET, true)).toBe(0)
    expect(binding.jobWait(appender.retire(), WAIT_MS)).toBe(1)
    expect(binding.jobWait(appender.makeDurable(), WAIT_MS)).toBe(1)
    expect(slots(control).map(({ sequence }) => sequence)).toEqual([2n, 1n])
  })

  it('L48: a failed sync is noted first, and the next writes everything since the mark again', () => {
    const { appender, control } = newAppender()
    append(appender, 'one')
    expect(binding.jobWait(appender.makeDurable(), WAIT_MS)).toBe(1)
    append(appender, 'two')
    // As a writer leaves it whose sync failed.
    new DataView(control).setUint32(WRITE_BACK_OFFSET, 2, true)
    expect(binding.jobWait(appender.makeDurable(), WAIT_MS)).toBe(1)
    expect(new DataView(control).getUint32(WRITE_BACK_OFFSET, true)).toBe(0)
    expect(slots(control).map(({ sequence }) => sequence)).toEqual([2n, 1n])
  })

  it.each([
    ['failed', 2],
    ['was interrupted', 1],
  ])('L48: after a sync that %s, a record that is gone from memory is never marked', (_, state) => {
    const { appender, control, segment } = newAppender()
    append(appender, 'one')
    append(appender, 'two')
    append(appender, 'three')
    // The kernel dropped the page, and read back what is on the disk.
    new Uint8Array(segment).fill(0, 192, 320)
    new DataView(control).setUint32(WRITE_BACK_OFFSET, state, true)
    expect(binding.jobWait(appender.makeDurable(), WAIT_MS)).toBe(-constants.errno.EIO)
    expect(new DataView(control).getUint32(WRITE_BACK_OFFSET, true)).toBe(2)
    expect(slots(control).map(({ sequence }) => sequence)).toEqual([0n, 0n])
  })
})

describe('retire', () => {
  it('L48: after a failed sync, marks nothing when the last records of the segment before are gone', () => {
    const results = [true, false].map((loses) => {
      const { appender, control, segment } = newAppender()
      append(appender, 'one')
      append(appender, 'two')
      expect(appender.roll(prepared(`after-loss-${loses}`), 1)).toBe(STATUS_OK)
      new DataView(control).setUint32(WRITE_BACK_OFFSET, 2, true)
      // A whole record: what is left looks like a segment that ended before it.
      if (loses) new Uint8Array(segment).fill(0, 192, 320)
      return { state: binding.jobWait(appender.retire(), WAIT_MS), sequences: slots(control).map(({ sequence }) => sequence) }
    })
    expect(results).toEqual([
      { state: -constants.errno.EIO, sequences: [0n, 0n] },
      { state: 1, sequences: [0n, 2n] },
    ])
  })

  it.each([
    ['a record', 192, 320, true],
    ['every record', 64, 448, true],
    ['every record and the seal', 12, 448, true],
    ['every record, of the base format', 64, 448, false],
    ['the last record and the seal', 12, 64, true, 320],
  ])(
    'L48: after a failed sync, %s that is gone is found also where no record follows and the header says nothing',
    (_, from, to, extensions, also = to) => {
      const results = [true, false].map((loses) => {
        const { appender, control, segment } = newAppender(extensions)
        for (const text of ['one', 'two', 'three']) append(appender, text)
        expect(appender.roll(prepared(`exact-${from}-${to}-${extensions}-${also}-${loses}`), 1)).toBe(STATUS_OK)
        new DataView(control).setUint32(WRITE_BACK_OFFSET, 2, true)
        if (loses) {
          new Uint8Array(segment).fill(0, from, to)
          new Uint8Array(segment).fill(0, also, also + 128)
        }
        return binding.jobWait(appender.retire(), WAIT_MS)
      })
      expect(results).toEqual([-constants.errno.EIO, 1])
    },
  )

  it('syncs the segment before and unmaps it, whether it was mapped or prepared', () => {
    const { appender, control, segment } = newAppender()
    appender.append(1, Buffer.from('mapped'))
    expect(appender.roll(prepared('first'), 1)).toBe(STATUS_OK)
    binding.unmap(segment)
    expect(binding.jobWait(appender.retire(), WAIT_MS)).toBe(1)
    appender.append(1, Buffer.from('prepared'))
    expect(appender.roll(prepared('second'), 2)).toBe(STATUS_OK)
    expect(binding.jobWait(appender.retire(), WAIT_MS)).toBe(1)
    expect(slots(control).map(({ sequence }) => sequence)).toEqual([2n, 1n])
    expect(readFileSync(join(folder, 'first')).toString('latin1', 128, 136)).toBe('prepared')
    expect(readFileSync('/proc/self/maps', 'latin1')).not.toContain(join(folder, 'first'))
  })

  it('is there once for each roll', () => {
    const { appender } = newAppender()
    expect(() => appender.retire()).toThrow(TypeError)
    appender.roll(prepared('once'), 1)
    expect(binding.jobWait(appender.retire(), WAIT_MS)).toBe(1)
    expect(() => appender.retire()).toThrow(TypeError)
  })
})

describe('a segment that was rolled into', () => {
  it('is taken from its preparation, once, and from no other job', () => {
    const { appender } = newAppender()
    const job = prepared('taken')
    expect(appender.roll(job, 1)).toBe(STATUS_OK)
    expect(binding.jobState(job)).toBe(-constants.errno.ENOENT)
    expect([appender.roll(job, 2), appender.roll(987_654, 2)]).toEqual([STATUS_UNPREPARED, STATUS_UNPREPARED])
  })

  it('is refused when its preparation failed, and stays prepared when the roll is refused', () => {
    const { appender } = newAppender()
    const failed = binding.backgroundPrepare(join(folder, 'missing', 'x.tmp'), '', Buffer.alloc(64), 65536, 0)
    expect(binding.jobWait(failed, WAIT_MS)).toBe(-constants.errno.ENOENT)
    expect(appender.roll(failed, 1)).toBe(STATUS_UNPREPARED)
    const job = prepared('kept')
    appender.claim(1, 8)
    expect(appender.roll(job, 1)).toBe(STATUS_CLAIM)
    appender.abort()
    expect(appender.roll(job, 1)).toBe(STATUS_OK)
  })

  it('has one ArrayBuffer, on request', () => {
    const { appender } = newAppender()
    expect(() => appender.segment()).toThrow(TypeError)
    appender.roll(prepared('shown'), 1)
    const segment = appender.segment()
    appender.append(1, Buffer.from('seen'))
    expect(Buffer.from(segment).toString('latin1', 128, 132)).toBe('seen')
    expect(() => appender.segment()).toThrow(TypeError)
    binding.unmap(segment)
    expect(appender.append(1, Buffer.from('still mapped'))).toBe(STATUS_OK)
  })
})
