import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mapNewFile, temporaryFolder } from '../test/temporary-files.js'
import { binding, PREPARE_HUGE_PAGES, PREPARE_POPULATE, PREPARE_REPLACE, PREPARE_SYNC_DIRECTORY } from './index.js'

const folder = temporaryFolder()
const WAIT_MS = 30_000
/** O_CLOEXEC, which `node:fs` does not name. */
const CLOSE_ON_EXEC = 0o2000000

interface Preparation {
  readonly temporaryPath: string
  readonly finalPath: string
  readonly header: Uint8Array
  readonly length: number
  readonly flags: number
}

function prepare(name: string, changes: Partial<Preparation> = {}): number {
  const plain = {
    temporaryPath: join(folder, `${name}.tmp`),
    finalPath: join(folder, name),
    header: Buffer.from('header'),
    length: 1 << 20,
    flags: PREPARE_POPULATE | PREPARE_HUGE_PAGES | PREPARE_SYNC_DIRECTORY,
  }
  const { temporaryPath, finalPath, header, length, flags } = { ...plain, ...changes }
  return binding.backgroundPrepare(temporaryPath, finalPath, header, length, flags)
}

describe('backgroundPrepare', () => {
  it('makes a published segment with its blocks and header, and hands over its mapping once', () => {
    const job = prepare('segment')
    expect(binding.jobWait(job, WAIT_MS)).toBe(1)
    const mapping = binding.takeMapping(job)
    expect(mapping.byteLength).toBe(1 << 20)
    expect(Buffer.from(mapping, 0, 8).toString()).toBe('header\0\0')
    new Uint8Array(mapping)[100] = 5
    expect(readFileSync(join(folder, 'segment'))[100]).toBe(5)
    expect(statSync(join(folder, 'segment')).blocks * 512).toBeGreaterThanOrEqual(1 << 20)
    expect(existsSync(join(folder, 'segment.tmp'))).toBe(false)
    expect(() => binding.takeMapping(job)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    binding.jobRelease(job)
    expect(binding.jobState(job)).toBe(-2)
  })

  it('leaves it under its temporary name when there is no final one, and begins it again when it exists', () => {
    writeFileSync(join(folder, 'unpublished.tmp'), Buffer.alloc(2 << 20, 1))
    const job = prepare('unpublished', { finalPath: '' })
    expect(binding.jobWait(job, WAIT_MS)).toBe(1)
    const bytes = readFileSync(join(folder, 'unpublished.tmp'))
    expect(bytes.length).toBe(1 << 20)
    expect(bytes.subarray(6).every((byte) => byte === 0)).toBe(true)
    binding.jobRelease(job)
  })

  it('replaces what stands in the way on request', () => {
    writeFileSync(join(folder, 'replaced'), 'garbage')
    const job = prepare('replaced', { flags: PREPARE_REPLACE })
    expect(binding.jobWait(job, WAIT_MS)).toBe(1)
    expect(readFileSync(join(folder, 'replaced'), 'latin1').slice(0, 6)).toBe('header')
    binding.jobRelease(job)
    mkdirSync(join(folder, 'in-the-way'))
    const refused = prepare('in-the-way', { flags: PREPARE_REPLACE })
    expect(binding.jobWait(refused, WAIT_MS)).toBe(-constants.errno.EISDIR)
    binding.jobRelease(refused)
  })

  it('leaves no file when the final name is taken, and never replaces it', () => {
    writeFileSync(join(folder, 'taken'), 'mine')
    const job = prepare('taken')
    expect(binding.jobWait(job, WAIT_MS)).toBe(-17)
    expect(readFileSync(join(folder, 'taken'), 'utf8')).toBe('mine')
    expect(existsSync(join(folder, 'taken.tmp'))).toBe(false)
    expect(() => binding.takeMapping(job)).toThrow()
  })

  it('fails with the errno, and the next job works', () => {
    const missing = prepare('x', { temporaryPath: join(folder, 'missing', 'x.tmp') })
    const tooLarge = prepare('large', { length: 2 ** 50 })
    const good = prepare('good')
    expect(binding.jobWait(missing, WAIT_MS)).toBe(-2)
    expect([-27, -28]).toContain(binding.jobWait(tooLarge, WAIT_MS))
    expect(existsSync(join(folder, 'large.tmp'))).toBe(false)
    expect(binding.jobWait(good, WAIT_MS)).toBe(1)
    for (const job of [missing, tooLarge, good]) binding.jobRelease(job)
  })

  it('refuses invalid requests', () => {
    const bare = binding.backgroundPrepare as (...values: unknown[]) => number
    expect(() => bare()).toThrow(TypeError)
    expect(() => bare({})).toThrow(TypeError)
    expect(() => prepare('bad', { header: 'text' as unknown as Uint8Array })).toThrow(TypeError)
    expect(() => prepare('bad', { length: -1 })).toThrow(RangeError)
    expect(() => prepare('bad', { flags: 0.5 })).toThrow(RangeError)
    expect(() => prepare('bad', { length: 3 })).toThrow(TypeError)
    expect(existsSync(join(folder, 'bad.tmp'))).toBe(false)
  })
})

describe('jobs', () => {
  it('are notified on the event loop, also when they are done before', async () => {
    const job = prepare('told')
    const outcome = () => new Promise<number>((resolve) => binding.jobNotify(job, resolve))
    expect(await Promise.all([outcome(), outcome()])).toEqual([1, 1])
    expect(await outcome()).toBe(1)
    binding.jobRelease(job)
    expect(await outcome()).toBe(-2)
  })

  it('that are unknown are ENOENT', () => {
    expect(binding.jobState(987_654)).toBe(-2)
    expect(binding.jobWait(987_654, 1000)).toBe(-2)
    expect(() => binding.takeMapping(987_654)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    expect(() => binding.jobRelease(987_654)).not.toThrow()
  })

  it('run in order', () => {
    const path = join(folder, 'ordered')
    writeFileSync(path, 'x')
    const unlinked = binding.backgroundUnlink(path)
    const again = binding.backgroundUnlink(path)
    const directory = join(folder, 'directory')
    mkdirSync(directory)
    const refused = binding.backgroundUnlink(directory)
    expect(binding.jobWait(again, WAIT_MS)).toBe(1)
    expect(binding.jobState(unlinked)).toBe(1)
    expect([-1, -21]).toContain(binding.jobWait(refused, WAIT_MS))
    expect(existsSync(path)).toBe(false)
  })
})

describe('backgroundPopulate', () => {
  it('touches pages after an offset of a mapping until it is unmapped', () => {
    const mapping = mapNewFile(join(folder, 'populated'), 64 << 20)
    expect(binding.jobWait(binding.backgroundPopulate(mapping, 4096), WAIT_MS)).toBe(1)
    binding.unmap(mapping)
    // In the same lane, so nothing of the unmapped one is touched any more when it is done.
    expect(binding.jobWait(prepare('after-populate'), WAIT_MS)).toBe(1)
    expect(() => binding.backgroundPopulate(mapping, 0)).toThrow(TypeError)
  })
})

describe('backgroundUnmap', () => {
  it('empties all views at once and takes the mapping away', () => {
    const path = join(folder, 'unmapped')
    const mapping = mapNewFile(path, 4096)
    const view = new Uint8Array(mapping)
    const job = binding.backgroundUnmap(mapping)
    expect(view.length).toBe(0)
    expect(binding.jobWait(job, WAIT_MS)).toBe(1)
    expect(readFileSync('/proc/self/maps', 'utf8')).not.toContain(path)
    expect(binding.jobWait(binding.backgroundUnmap(mapping), WAIT_MS)).toBe(1)
    expect(() => binding.backgroundUnmap(new ArrayBuffer(1))).toThrow(TypeError)
  })
})

describe('backgroundUnlink with files to sync', () => {
  it('unlinks after the syncs, and not at all when a file cannot be synced', () => {
    const kept = join(folder, 'kept')
    const other = join(folder, 'other')
    for (const path of [kept, other]) writeFileSync(path, 'x')
    const refused = binding.backgroundUnlink(kept, [join(other, 'below a file')])
    expect(binding.jobWait(refused, WAIT_MS)).toBe(-constants.errno.ENOTDIR)
    expect(existsSync(kept)).toBe(true)
    const done = binding.backgroundUnlink(kept, [other, join(folder, 'gone')])
    expect(binding.jobWait(done, WAIT_MS)).toBe(1)
    expect(existsSync(kept)).toBe(false)
    for (const job of [refused, done]) binding.jobRelease(job)
  })

  it('L48: stores into a position before it syncs it, and changes no byte: an earlier sync may have failed, and the kernel takes its page for clean', () => {
    const position = join(folder, 'position')
    const bytes = Buffer.from(Array.from({ length: 80 }, (_, at) => (at % 40 < 36 ? at + 1 : 0)))
    for (const content of [bytes, bytes.subarray(0, 16), bytes.subarray(0, 8)]) {
      writeFileSync(position, content)
      utimesSync(position, 1, 1)
      const done = binding.backgroundUnlink(join(folder, 'gone'), [position])
      expect(binding.jobWait(done, WAIT_MS)).toBe(1)
      expect(readFileSync(position)).toEqual(content)
      // Files of the old format have no byte that may be stored to.
      expect(statSync(position).mtimeMs > 1000).toBe(content.length === 80)
      binding.jobRelease(done)
    }
  })

  it('unlinks nothing after one that it follows has failed, nor do those that follow it', () => {
    const [kept, gone] = [join(folder, 'kept-in-order'), join(folder, 'gone-in-order')]
    for (const path of [kept, gone]) writeFileSync(path, 'x')
    const done = binding.backgroundUnlink(gone)
    const refused = binding.backgroundUnlink(folder, [], 0, done)
    const second = binding.backgroundUnlink(kept, [], 0, refused)
    const third = binding.backgroundUnlink(kept, [], 0, second)
    expect(binding.jobWait(third, WAIT_MS)).toBe(-constants.errno.ECANCELED)
    expect([done, second].map((job) => binding.jobState(job))).toEqual([1, -constants.errno.ECANCELED])
    expect([gone, kept].map((path) => existsSync(path))).toEqual([false, true])
    for (const job of [done, refused, second, third]) binding.jobRelease(job)
  })
})

describe('backgroundSync', () => {
  it('syncs a range, and keeps the pages until then', () => {
    const mapping = mapNewFile(join(folder, 'synced'), 65536)
    const job = binding.backgroundSync(mapping, 100, 60000)
    binding.unmap(mapping)
    expect(binding.jobWait(job, WAIT_MS)).toBe(1)
    const other = mapNewFile(join(folder, 'synced-2'), 4096)
    expect(() => binding.backgroundSync(other, 0, 4097)).toThrow(RangeError)
  })
})

/** Flags of this process's descriptors of a file. */
function descriptorFlags(path: string): number[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    const target = existsSync(`/proc/self/fd/${fd}`) && readlinkSync(`/proc/self/fd/${fd}`)
    if (target !== path) return []
    return [Number.parseInt(/flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8)]
  })
}

it('keeps a descriptor of a prepared segment, which no child process inherits, until it is unmapped', () => {
  const job = prepare('descriptors', { flags: 0 })
  expect(binding.jobWait(job, WAIT_MS)).toBe(1)
  const flags = descriptorFlags(join(folder, 'descriptors'))
  expect(flags.map((value) => value & CLOSE_ON_EXEC)).toEqual([CLOSE_ON_EXEC])
  binding.unmap(binding.takeMapping(job))
  expect(descriptorFlags(join(folder, 'descriptors'))).toEqual([])
})
