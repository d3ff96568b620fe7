import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { mapNewFile, temporaryFolder } from '../test/temporary-files.js'
import { binding } from './index.js'

const folder = temporaryFolder()

function openNew(name: string): number {
  return openSync(join(folder, name), 'w+')
}

describe('reserveBlocks', () => {
  it('extends the file, keeps what was in it, and its blocks are there', () => {
    const fd = openNew('reserved')
    writeFileSync(fd, 'kept')
    binding.reserveBlocks(fd, 0, 1 << 20)
    const status = fstatSync(fd)
    expect(status.size).toBe(1 << 20)
    expect(status.blocks * 512).toBeGreaterThanOrEqual(1 << 20)
    const start = Buffer.alloc(4)
    readSync(fd, start, 0, 4, 0)
    expect(start.toString()).toBe('kept')
    closeSync(fd)
  })

  it('says why the system refuses', () => {
    const error = (code: string) => expect.objectContaining({ code, syscall: 'fallocate', errno: expect.any(Number) })
    expect(() => binding.reserveBlocks(9999, 0, 4096)).toThrow(error('EBADF'))
    const fd = openNew('too-large')
    expect(() => binding.reserveBlocks(fd, 0, 2 ** 52)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(EFBIG|ENOSPC)$/) }),
    )
    closeSync(fd)
  })

  it('fails with a code and no signal when the file may not grow', () => {
    const program = fileURLToPath(new URL('../test/programs/no-room.mjs', import.meta.url))
    const output = execFileSync('bash', ['-c', 'ulimit -f 64; exec "$@"', 'bash', process.execPath, program, folder], {
      encoding: 'utf8',
    })
    expect(JSON.parse(output)).toEqual({ reserve: 'EFBIG', job: -27, jobAfterwards: 1, leftBehind: [] })
  })
})

describe('zeroRange', () => {
  it('zeroes exactly the range, and its blocks stay reserved', () => {
    const path = join(folder, 'zeroed')
    writeFileSync(path, Buffer.alloc(65536, 1))
    const fd = openSync(path, 'r+')
    binding.zeroRange(fd, 100, 60000)
    const bytes = readFileSync(path)
    expect(bytes.length).toBe(65536)
    expect(bytes.subarray(0, 100)).toEqual(Buffer.alloc(100, 1))
    expect(bytes.subarray(100, 60100)).toEqual(Buffer.alloc(60000))
    expect(bytes.subarray(60100)).toEqual(Buffer.alloc(5436, 1))
    expect(fstatSync(fd).blocks * 512).toBeGreaterThanOrEqual(65536)
    closeSync(fd)
  })

  it('does not make the file longer', () => {
    const fd = openNew('not-longer')
    ftruncateSync(fd, 4096)
    binding.zeroRange(fd, 0, 100000)
    expect(fstatSync(fd).size).toBe(4096)
    closeSync(fd)
  })
})

describe('dataOffset', () => {
  it('skips holes, and no byte that is not zero, also when only a mapping has them', () => {
    const path = join(folder, 'holes')
    const mapping = mapNewFile(path, 1 << 20)
    const fd = openSync(path, 'r')
    for (const at of [0, 4096, 300_000, 65_536 * 15 + 7]) {
      new Uint8Array(mapping)[at] = 1
      for (let from = 0; from <= at; from += 4096) {
        const found = binding.dataOffset(fd, from)
        expect(found).toBeGreaterThanOrEqual(from)
        expect(found).toBeLessThanOrEqual(at)
      }
    }
    closeSync(fd)
    binding.unmap(mapping)
  })

  it('is -1 after the last byte, and an error for a closed descriptor', () => {
    const path = join(folder, 'no-holes')
    writeFileSync(path, 'text')
    const fd = openSync(path, 'r')
    expect(binding.dataOffset(fd, 0)).toBe(0)
    expect(binding.dataOffset(fd, 4)).toBe(-1)
    closeSync(fd)
    expect(() => binding.dataOffset(fd, 0)).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'lseek' }))
    expect(() => binding.dataOffset('x' as never, 0)).toThrow(TypeError)
  })
})

describe('renameNoReplace', () => {
  it('moves a file, and never over another', () => {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')]
    writeFileSync(from, 'one')
    binding.renameNoReplace(from, to)
    expect(existsSync(from)).toBe(false)
    writeFileSync(from, 'two')
    expect(() => binding.renameNoReplace(from, to)).toThrow(expect.objectContaining({ code: 'EEXIST', syscall: 'renameat2' }))
    expect(readFileSync(to, 'utf8')).toBe('one')
    expect(readFileSync(from, 'utf8')).toBe('two')
  })

  it('refuses missing files and names with null bytes', () => {
    expect(() => binding.renameNoReplace(join(folder, 'missing'), join(folder, 'x'))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    )
    expect(() => binding.renameNoReplace('a\0b', 'c')).toThrow(TypeError)
  })
})

describe('tryLock', () => {
  it('gives an exclusive lock to one descriptor at a time', () => {
    const path = join(folder, 'lock')
    const [first, second] = [openSync(path, 'w+'), openSync(path, 'r')]
    expect(binding.tryLock(first, true)).toBe(true)
    expect(binding.tryLock(first, true)).toBe(true)
    expect(binding.tryLock(second, true)).toBe(false)
    expect(binding.tryLock(second, false)).toBe(false)
    binding.unlock(first)
    expect(binding.tryLock(second, true)).toBe(true)
    closeSync(second)
    expect(binding.tryLock(first, false)).toBe(true)
    closeSync(first)
    expect(() => binding.tryLock(9999, true)).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'flock' }))
  })

  it('works on directories', () => {
    const path = join(folder, 'directory')
    mkdirSync(path)
    const fd = openSync(path, 'r')
    expect(binding.tryLock(fd, true)).toBe(true)
    closeSync(fd)
  })
})
