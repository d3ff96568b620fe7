import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { beforeEach, expect, it } from 'vitest'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { inspectLock } from './inspect-lock.js'
import { LockTable, readLockTable } from './lock-table.js'

let queue: string

beforeEach(() => {
  queue = join(temporaryDirectory(), 'queue')
})

it('reads the list again, once, for a lock that is held and not in it', () => {
  using _writer = openWriter(queue, { segmentSize: 4096 })
  const file = join(queue, 'writer.lock')
  const complete = readLockTable()
  const pid = complete.holderOf(statSync(file))
  expect(pid).toBe(process.pid)
  const { dev, ino } = statSync(file)
  const place = `${[dev >>> 8, dev & 0xff].map((part) => part.toString(16).padStart(2, '0')).join(':')}:${ino}`
  let reads = 0
  const table = new LockTable('', () => {
    reads += 1
    return `1: FLOCK  ADVISORY  WRITE ${pid} ${place} 0 EOF\n`
  })
  expect(inspectLock(file, table)).toMatchObject({ held: true, knownBy: 'proc-locks', pid })
  const empty = new LockTable('', () => {
    reads += 1
    return ''
  })
  for (let look = 0; look < 2; look += 1) expect(inspectLock(file, empty)).toMatchObject({ held: true, knownBy: 'lock' })
  expect(reads).toBe(2)
})

it('takes locks that are held, and none of those that wait, are shared, or belong to another pid namespace', () => {
  const table = new LockTable(
    [
      '1: FLOCK  ADVISORY  WRITE 10 08:01:131 0 EOF',
      '2: FLOCK  ADVISORY  WRITE 11 00:1b:132 0 EOF',
      '2: -> FLOCK  ADVISORY  WRITE 12 08:01:133 0 EOF',
      '3: FLOCK  ADVISORY  READ 13 08:01:134 0 EOF',
      '4: POSIX  ADVISORY  WRITE 14 08:01:135 0 EOF',
      '5: FLOCK  ADVISORY  WRITE 0 08:01:136 0 EOF',
    ].join('\n'),
  )
  const holderOf = (major: number, minor: number, ino: number) => table.holderOf({ dev: (major << 8) | minor, ino })
  expect([131, 133, 134, 135, 136].map((ino) => holderOf(8, 1, ino))).toEqual([10, undefined, undefined, undefined, undefined])
  expect(holderOf(0, 0x1b, 132)).toBe(11)
})
