import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { makeUnopenable } from '../../test/support/faulty-files.js'
import { heldDirectory, temporaryDirectory } from '../../test/support/temporary.js'
import { LOCK_SECOND_LOOK_MS } from '../defaults.js'
import { LOCK_FILE } from '../format/index.js'
import { openObserver, openWriter, type WriterStatus } from '../index.js'
import { processStartTime } from './machine.js'
import { probeWriterLock, WriterLock } from './writer-lock.js'

let directory: string

beforeEach(() => {
  directory = temporaryDirectory()
})

describe('a writer lock that is held', () => {
  it.each([
    ['names this process when it is the holder', ownRecord, { pid: process.pid, how: 'the lock is held by this process' }],
    [
      'L33: names a process of another namespace as not visible',
      () => '4194000 17 1\n',
      { pid: 4_194_000, startTime: 17, how: 'the lock is held, by a process not visible here' },
    ],
    ['says so when its record is empty', () => '', { pid: undefined, how: 'the lock is held, its record is empty' }],
    ['L33: says so when its record is noise', () => 'noise', { pid: undefined, how: 'the lock is held, its record is empty' }],
  ])('%s', (_, record, facts) => {
    const holder = WriterLock.acquire(heldDirectory(directory))
    writeFileSync(join(directory, LOCK_FILE), record())
    expect(failure()).toMatchObject({ code: 'ERR_WRITER_ACTIVE', directory, ...facts })
    holder.release()
    WriterLock.acquire(heldDirectory(directory)).release()
  })

  it('L47: is looked at again, also when its record names a running process without work in the background', () => {
    const holder = WriterLock.acquire(heldDirectory(directory))
    holder.writeRecord(1)
    const begun = performance.now()
    expect(failure()).toMatchObject({ code: 'ERR_WRITER_ACTIVE' })
    expect(performance.now() - begun).toBeGreaterThanOrEqual(LOCK_SECOND_LOOK_MS)
    holder.release()
  })

  it('returns what the last holder left in it, and clears it at the end', () => {
    writeFileSync(join(directory, LOCK_FILE), '4194000 17 3\n')
    const lock = WriterLock.acquire(heldDirectory(directory))
    expect(lock.previous).toEqual({ pid: 4_194_000, startTime: 17, epoch: 3 })
    lock.writeRecord(4)
    expect(readFileSync(join(directory, LOCK_FILE), 'latin1')).toBe(`${process.pid} ${processStartTime(process.pid)} 4\n`)
    lock.release()
    expect(readFileSync(join(directory, LOCK_FILE), 'latin1')).toBe('\n')
  })
})

describe('a lock file that cannot be opened', () => {
  it('is an error of the system for taking it and for looking at it', () => {
    const path = join(directory, LOCK_FILE)
    makeUnopenable(path)
    const error = expect.objectContaining({ code: 'ERR_LINK', path })
    expect(() => WriterLock.acquire(heldDirectory(directory))).toThrow(error)
    expect(() => probeWriterLock(heldDirectory(directory))).toThrow(error)
  })

  it('is an error with its path when it is a directory', () => {
    mkdirSync(join(directory, LOCK_FILE))
    expect(() => WriterLock.acquire(heldDirectory(directory))).toThrow(
      expect.objectContaining({ code: 'ERR_IO', errnoName: 'EISDIR' }),
    )
  })
})

describe('the status of a writer', () => {
  it('L18, L19: follows the lock, and says how it knows', () => {
    const writer = openWriter(directory, { segmentSize: 4096 })
    const record = readFileSync(join(directory, LOCK_FILE), 'latin1')
    const { pid, startTime } = { pid: process.pid, startTime: processStartTime(process.pid) }
    expect(status()).toMatchObject({
      alive: true,
      pid,
      startTime,
      epoch: writer.epoch,
      reason: 'a running process holds the lock',
    })
    writeFileSync(join(directory, LOCK_FILE), '4194000 17 1\n')
    expect(status()).toMatchObject({ alive: true, pid: 4_194_000, reason: 'a process not visible here holds the lock' })
    writer.close()
    expect(status()).toMatchObject({ alive: false, reason: 'the lock is free, the last writer closed cleanly' })
    expect(status()).not.toHaveProperty('pid')
    writeFileSync(join(directory, LOCK_FILE), record)
    expect(status()).toMatchObject({ alive: false, pid, reason: 'the lock is free although its last holder still runs' })
    writeFileSync(join(directory, LOCK_FILE), '4194000 17 1\n')
    expect(status()).toMatchObject({ alive: false, pid: 4_194_000, reason: 'the lock is free, its last holder is gone' })
    rmSync(join(directory, LOCK_FILE))
    expect(status()).toMatchObject({ alive: false, reason: 'there is no lock file' })
  })

  function status(): WriterStatus {
    using observer = openObserver(directory)
    return observer.writerStatus()
  }
})

/** What taking the lock fails with. */
function failure(): unknown {
  try {
    WriterLock.acquire(heldDirectory(directory)).release()
    return undefined
  } catch (error) {
    return error
  }
}

function ownRecord(): string {
  return `${process.pid} ${processStartTime(process.pid)} 1\n`
}
