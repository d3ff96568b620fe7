import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { mapNewFile, temporaryFolder } from '../test/temporary-files.js'
import { binding } from './index.js'

const folder = temporaryFolder()
const program = (name: string) => fileURLToPath(new URL(`../test/programs/${name}.mjs`, import.meta.url))

describe('lendMapping', () => {
  it('gives another buffer over the same pages, which stays when the first is unmapped and may be detached without harm to it', () => {
    const path = join(folder, 'lent')
    const mapping = mapNewFile(path, 4096)
    const [kept, taken] = [binding.lendMapping(mapping), binding.lendMapping(mapping)]
    new Uint8Array(mapping)[5] = 7
    expect(new Uint8Array(kept)[5]).toBe(7)
    const detachable = taken as ArrayBuffer & { transfer?: () => ArrayBuffer }
    detachable.transfer?.()
    binding.unmap(mapping)
    expect(mapping.byteLength).toBe(0)
    writeFileSync(path, 'abc', { flag: 'r+' })
    expect(Buffer.from(kept).toString('latin1', 0, 3)).toBe('abc')
    expect(() => binding.lendMapping(mapping)).toThrow(TypeError)
    expect(() => binding.lendMapping(new ArrayBuffer(8))).toThrow(TypeError)
  })
})

describe('mapFile', () => {
  it('shares its bytes with the file', () => {
    const path = join(folder, 'shared')
    const bytes = new Uint8Array(mapNewFile(path, 8192))
    bytes[8191] = 7
    expect(readFileSync(path)[8191]).toBe(7)
    writeFileSync(path, 'abc', { flag: 'r+' })
    expect(Buffer.from(bytes.subarray(0, 3)).toString()).toBe('abc')
  })

  it('maps a length that is not a multiple of a page', () => {
    expect(mapNewFile(join(folder, 'odd'), 1024).byteLength).toBe(1024)
  })

  it.each([2 ** 31, 2 ** 31 + 4096, 2 ** 32 - 4096, 2 ** 32])('reaches the last byte of %d bytes', (length) => {
    const path = join(folder, `large-${length}`)
    const mapping = mapNewFile(path, length)
    binding.populate(mapping, length - 4096, 4096)
    const last = new Uint8Array(mapping, length - 8, 8)
    last[7] = 42
    binding.syncRange(mapping, length - 8, 8)
    expect(binding.futexWait(mapping, length - 8, 1, 0)).toBe(0)
    binding.unmap(mapping)
    const fd = openSync(path, 'r')
    const again = binding.mapFile(fd, length, false)
    closeSync(fd)
    expect(new Uint8Array(again, length - 1, 1)[0]).toBe(42)
    binding.unmap(again)
  })

  it('maps more than 4 GiB, or refuses with an error where the engine cannot', () => {
    const length = 2 ** 32 + 8192
    const fd = openSync(join(folder, 'huge'), 'w+')
    ftruncateSync(fd, length)
    try {
      const mapping = binding.mapFile(fd, length, true)
      new Uint8Array(mapping, length - 1, 1)[0] = 9
      binding.syncRange(mapping, length - 4096, 4096)
      expect(new Uint8Array(mapping, length - 1, 1)[0]).toBe(9)
      binding.unmap(mapping)
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_BUFFER_TOO_LARGE' })
    } finally {
      closeSync(fd)
    }
  })

  it('says why the system refuses', () => {
    expect(() => binding.mapFile(9999, 4096, true)).toThrow(expect.objectContaining({ code: 'EBADF', errno: 9, syscall: 'mmap' }))
    const fd = openSync(join(folder, 'empty'), 'w+')
    expect(() => binding.mapFile(fd, 0, true)).toThrow(expect.objectContaining({ code: 'EINVAL', errno: 22, syscall: 'mmap' }))
    closeSync(fd)
    const readOnly = openSync(join(folder, 'empty'), 'r')
    expect(() => binding.mapFile(readOnly, 4096, true)).toThrow(expect.objectContaining({ code: 'EACCES', errno: 13 }))
    closeSync(readOnly)
  })

  it('refuses arguments of other types and values out of range', () => {
    const map = binding.mapFile as (...values: unknown[]) => ArrayBuffer
    expect(() => map()).toThrow(TypeError)
    expect(() => map('1', 4096, true)).toThrow(TypeError)
    expect(() => map(1, 4096, 'yes')).toThrow(TypeError)
    for (const fd of [-1, 1.5, Number.NaN, 2 ** 31]) expect(() => map(fd, 4096, true)).toThrow(RangeError)
    for (const length of [-1, 0.5, Number.POSITIVE_INFINITY, 2 ** 53]) expect(() => map(0, length, true)).toThrow(RangeError)
  })
})

describe('unmap', () => {
  it('leaves every view empty, and a second time does nothing', () => {
    const mapping = mapNewFile(join(folder, 'unmapped'), 4096)
    const bytes = new Uint8Array(mapping)
    const view = new DataView(mapping)
    binding.unmap(mapping)
    expect(mapping.byteLength).toBe(0)
    expect(bytes.length).toBe(0)
    expect(bytes[0]).toBeUndefined()
    expect(() => view.getUint8(0)).toThrow(TypeError)
    expect(() => binding.unmap(mapping)).not.toThrow()
    expect(() => binding.mappingFaults(mapping)).toThrow(TypeError)
  })

  it('refuses what the addon did not map', () => {
    const unmap = binding.unmap as (value?: unknown) => void
    for (const value of [new ArrayBuffer(8), new Uint8Array(8), {}, null, undefined, 1])
      expect(() => unmap(value)).toThrow(TypeError)
    expect(() => unmap()).toThrow(TypeError)
  })

  it('gives thousands of mappings back, also those that were only forgotten', () => {
    const output = execFileSync(process.execPath, ['--expose-gc', program('map-churn'), folder], { encoding: 'utf8' })
    expect(JSON.parse(output)).toEqual({ mappingsLeft: 0 })
  })
})

describe('ranges of a mapping', () => {
  it('are populated, advised, synced and locked', () => {
    const mapping = mapNewFile(join(folder, 'ranges'), 65536)
    expect(() => binding.populate(mapping, 100, 60000)).not.toThrow()
    for (const advice of ['normal', 'sequential', 'willneed', 'dontneed'] as const) binding.advise(mapping, 4096, 100, advice)
    expect(() => binding.syncRange(mapping, 5, 65531)).not.toThrow()
    expect(() => binding.syncRange(mapping, 65536, 0)).not.toThrow()
    binding.lockMemory(mapping)
    binding.unlockMemory(mapping)
  })

  it('keep what was stored in them when their pages are given back, before a sync and after it', () => {
    const path = join(folder, 'given-back')
    const mapping = mapNewFile(path, 65536)
    const bytes = new Uint8Array(mapping)
    const fd = openSync(path, 'r')
    const other = new Uint8Array(binding.mapFile(fd, 65536, false))
    for (const value of [1, 2]) {
      bytes.fill(value, 4096, 61440)
      binding.advise(mapping, 0, 65536, 'dontneed')
      expect([other[4095], other[4096], other[61439], other[61440]]).toEqual([0, value, value, 0])
      expect([bytes[4095], bytes[4096], bytes[61439]]).toEqual([0, value, value])
      expect(readFileSync(path)[30000]).toBe(value)
      binding.advise(mapping, 0, 65536, 'dontneed')
      binding.syncRange(mapping, 0, 65536)
      fsyncSync(fd)
      binding.advise(mapping, 0, 65536, 'dontneed')
      expect(
        readFileSync(path)
          .subarray(4096, 61440)
          .every((byte) => byte === value),
      ).toBe(true)
      expect(bytes[30000]).toBe(value)
    }
    closeSync(fd)
  })

  it('never leave the mapping', () => {
    const mapping = mapNewFile(join(folder, 'bounds'), 4096)
    for (const [offset, length] of [
      [0, 4097],
      [4097, 0],
      [1, 4096],
      [2 ** 52, 2 ** 52],
    ] as const) {
      expect(() => binding.populate(mapping, offset, length)).toThrow(RangeError)
      expect(() => binding.syncRange(mapping, offset, length)).toThrow(RangeError)
      expect(() => binding.advise(mapping, offset, length, 'normal')).toThrow(RangeError)
    }
    expect(() => binding.advise(mapping, 0, 1, 'other' as 'normal')).toThrow(TypeError)
  })
})

describe('a file that shrinks under its mapping', () => {
  it('costs no process: readers and writers see zeros and STATUS_FAULT, and the fault is counted', () => {
    const output = execFileSync(process.execPath, [program('shrink-under-mapping'), folder], { encoding: 'utf8' })
    expect(JSON.parse(output)).toEqual({
      faultsBefore: 0,
      byteRead: 0,
      faultsAfterRead: 1,
      verified: 5,
      appended: 5,
      published: 5,
      syncError: 'EIO',
      otherFaults: 0,
      survived: true,
    })
  })

  it('does not hide bus errors of others', () => {
    expect(() => execFileSync(process.execPath, [program('bus-error'), folder], { stdio: 'pipe' })).toThrow(
      expect.objectContaining({ signal: 'SIGBUS' }),
    )
  })
})
