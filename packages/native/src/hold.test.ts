import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../test/temporary-files.js'
import { binding } from './index.js'

const root = temporaryFolder()
const WAIT_MS = 30_000
const { ENOLCK, ENOENT } = constants.errno
let folder: string
let count = 0

beforeEach(() => {
  folder = join(root, `folder-${count++}`)
  mkdirSync(folder)
})

/** A hold of the locked file `lock` in the folder; the descriptors that it was made from are closed. */
function hold(text = ''): number {
  writeFileSync(join(folder, 'lock'), text)
  const lock = openSync(join(folder, 'lock'), 'r+')
  const directory = openSync(folder, 'r')
  expect(binding.tryLock(lock, true)).toBe(true)
  const id = binding.openHold(lock, directory, 'lock')
  closeSync(lock)
  closeSync(directory)
  return id
}

function isLocked(path = join(folder, 'lock')): boolean {
  const fd = openSync(path, 'r')
  try {
    return !binding.tryLock(fd, true)
  } finally {
    closeSync(fd)
  }
}

const prepare = (id: number, length = 65536) =>
  binding.backgroundPrepare('segment.tmp', 'segment', new Uint8Array(64), length, 0, id)

describe('a hold', () => {
  it('keeps the lock when the descriptor that was locked is closed, and frees it when it is closed', () => {
    const id = hold('7 8 9\n')
    expect(isLocked()).toBe(true)
    expect(binding.holdCheck(id)).toBe(0)
    expect(binding.closeHold(id, true, WAIT_MS)).toBe(true)
    expect(isLocked()).toBe(false)
    expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe('\n')
    expect([binding.holdCheck(id), binding.closeHold(id, true, 0)]).toEqual([-ENOENT, true])
    expect(() => prepare(id)).toThrow(TypeError)
  })

  it('keeps the text of the lock file on request', () => {
    binding.closeHold(hold('7 8 9\n'), false, WAIT_MS)
    expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe('7 8 9\n')
  })

  it('locks its directory for cleaners of temporary files', () => {
    const id = hold()
    const directory = openSync(folder, 'r')
    expect([binding.tryLock(directory, true), binding.tryLock(directory, false)]).toEqual([false, true])
    closeSync(directory)
    binding.closeHold(id, true, WAIT_MS)
  })

  it.each([
    ['deleted', () => rmSync(join(folder, 'lock'))],
    ['replaced by a copy', replaceByCopy],
    ['in a directory that is gone', () => rmSync(folder, { recursive: true })],
  ])('L50: says so when the lock file is %s', (_, spoil) => {
    const id = hold()
    spoil()
    expect(binding.holdCheck(id)).toBe(-ENOLCK)
    binding.closeHold(id, true, WAIT_MS)
  })

  it('is still good in a directory that was renamed', () => {
    const id = hold()
    renameSync(folder, `${folder}-moved`)
    mkdirSync(folder)
    expect(binding.holdCheck(id)).toBe(0)
    expect(binding.jobWait(prepare(id), WAIT_MS)).toBe(1)
    expect([existsSync(join(`${folder}-moved`, 'segment')), existsSync(join(folder, 'segment'))]).toEqual([true, false])
    binding.closeHold(id, true, WAIT_MS)
  })
})

function replaceByCopy(): void {
  copyFileSync(join(folder, 'lock'), join(folder, 'copy'))
  renameSync(join(folder, 'copy'), join(folder, 'lock'))
}

describe('jobs with a hold', () => {
  it('L50: publish, replace and delete nothing after the lock is lost', () => {
    const id = hold()
    writeFileSync(join(folder, 'segment'), 'of the next writer')
    replaceByCopy()
    const jobs = [
      prepare(id),
      binding.backgroundUnlink('segment', [], id),
      binding.backgroundReplace('segment.tmp', 'segment', Buffer.from('mine'), id),
    ]
    expect(jobs.map((job) => binding.jobWait(job, WAIT_MS))).toEqual([-ENOLCK, -ENOLCK, -ENOLCK])
    expect(readFileSync(join(folder, 'segment'), 'utf8')).toBe('of the next writer')
    expect(existsSync(join(folder, 'segment.tmp'))).toBe(false)
    binding.closeHold(id, true, WAIT_MS)
    expect(readFileSync(join(folder, 'segment'), 'utf8')).toBe('of the next writer')
  })

  it('are relative to its directory', () => {
    const id = hold()
    expect(binding.jobWait(binding.backgroundReplace('name.tmp', 'name', Buffer.from('new'), id), WAIT_MS)).toBe(1)
    expect(readFileSync(join(folder, 'name'), 'utf8')).toBe('new')
    expect(binding.jobWait(binding.backgroundUnlink('name', ['lock'], id), WAIT_MS)).toBe(1)
    expect(existsSync(join(folder, 'name'))).toBe(false)
    binding.closeHold(id, true, WAIT_MS)
  })

  it('L55: reach no folder through a link', () => {
    const id = hold()
    mkdirSync(join(folder, 'elsewhere'))
    writeFileSync(join(folder, 'elsewhere', 'file'), 'of another owner')
    symlinkSync('elsewhere', join(folder, 'link'))
    const { ENOTDIR, ELOOP } = constants.errno
    for (const job of [binding.backgroundUnlink('link/file', [], id), binding.backgroundUnlink('x', ['link/file'], id)])
      expect([-ENOTDIR, -ELOOP]).toContain(binding.jobWait(job, WAIT_MS))
    expect(existsSync(join(folder, 'elsewhere', 'file'))).toBe(true)
    expect(binding.jobWait(binding.backgroundUnlink('elsewhere/file', ['elsewhere/file'], id), WAIT_MS)).toBe(1)
    expect(existsSync(join(folder, 'elsewhere', 'file'))).toBe(false)
    binding.closeHold(id, true, WAIT_MS)
  })

  it('L47: keep the lock until they have ended, and the lock file says which they are', () => {
    const id = hold('7 8 9\n')
    // Long enough for every file system: after the closing of the hold it notices that no writer needs it any more.
    const job = prepare(id, 2 ** 30)
    while (!existsSync(join(folder, 'segment.tmp')) && binding.jobState(job) === 0) binding.yieldThread()
    const ended = binding.closeHold(id, false, 0)
    if (!ended) expect([isLocked(), readFileSync(join(folder, 'lock'), 'utf8')]).toEqual([true, '7 8 9\nbackground prepare\n'])
    binding.jobWait(job, WAIT_MS)
    expect(isLocked()).toBe(false)
    expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe('7 8 9\n')
    expect(existsSync(join(folder, 'segment.tmp'))).toBe(false)
    binding.jobRelease(job)
  })

  it('that prepare are given up one by one, too', () => {
    const id = hold()
    const job = prepare(id, 2 ** 30)
    binding.jobCancel(job)
    expect([1, -constants.errno.ECANCELED, -constants.errno.ENOSPC]).toContain(binding.jobWait(job, WAIT_MS))
    binding.jobRelease(job)
    binding.closeHold(id, true, WAIT_MS)
    expect(existsSync(join(folder, 'segment.tmp'))).toBe(false)
  })
})
