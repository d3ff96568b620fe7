import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatLockRecord,
  isReaderName,
  parseLockRecord,
  parseProcessStartTime,
  parseReaderFileName,
  parseSegmentFileName,
  parseSegmentTemporaryFileName,
  readerFileName,
  segmentFileName,
  segmentTemporaryFileName,
} from './index.js'

describe('segment file names', () => {
  it.each([
    [0, '000000000.q'],
    [1, '000000001.q'],
    [999_999_999, '999999999.q'],
    [1_000_000_000, '1000000000.q'],
    [0xffff_ffff, '4294967295.q'],
  ])('segment %i is %s', (id, name) => {
    expect(segmentFileName(id)).toBe(name)
    expect(parseSegmentFileName(name)).toBe(id)
    expect(segmentTemporaryFileName(id)).toBe(`${name}.tmp`)
    expect(parseSegmentTemporaryFileName(`${name}.tmp`)).toBe(id)
  })

  it('come back as the id they were made of, and no other name does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (id) => {
        expect(parseSegmentFileName(segmentFileName(id))).toBe(id)
      }),
    )
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9.qtmp]{0,16}$/), (name) => {
        const id = parseSegmentFileName(name)
        if (id !== undefined) expect(segmentFileName(id)).toBe(name)
      }),
    )
  })

  it.each([
    '',
    '.q',
    '0.q',
    '00000000.q',
    '0000000000.q',
    '0123456789.q',
    '4294967296.q',
    '00000000a.q',
    '000000001.Q',
    '000000001.q.tmp',
    '000000001.q\n',
    ' 00000001.q',
    '-00000001.q',
  ])('does not take %j for a segment', (name) => {
    expect(parseSegmentFileName(name)).toBeUndefined()
  })

  it('does not take a segment for one under preparation', () => {
    expect(parseSegmentTemporaryFileName('000000001.q')).toBeUndefined()
    expect(parseSegmentTemporaryFileName('.tmp')).toBeUndefined()
  })
})

describe('reader names', () => {
  it.each(['a', 'router', 'A.b_c-9', '-', '_', '0', 'x.meta', 'a..b', 'x'.repeat(128)])('accepts %j', (name) => {
    expect(isReaderName(name)).toBe(true)
    expect(parseReaderFileName(readerFileName(name))).toBe(name)
  })

  it.each(['', '.', '..', '.hidden', '../x', 'a/b', 'a\\b', 'a b', 'a\0', 'a\n', 'ä', 'x'.repeat(129), undefined, null, 5, {}])(
    'L36: refuses %j',
    (name) => {
      expect(isReaderName(name)).toBe(false)
    },
  )

  it.each(['router', 'router.tmp', 'router.meta.tmp', '.meta', '.x.meta', 'a b.meta'])(
    'does not take the file %j for a reader',
    (fileName) => {
      expect(parseReaderFileName(fileName)).toBeUndefined()
    },
  )
})

describe('the lock record', () => {
  it('parses to what was formatted', () => {
    const positive = fc.integer({ min: 1, max: 2 ** 31 })
    fc.assert(
      fc.property(positive, fc.maxSafeNat(), positive, (pid, startTime, epoch) => {
        expect(parseLockRecord(formatLockRecord({ pid, startTime, epoch }))).toEqual({ pid, startTime, epoch })
      }),
    )
  })

  it.each([
    ['12 34 5\n', { pid: 12, startTime: 34, epoch: 5 }],
    ['12 34 5', { pid: 12, startTime: 34, epoch: 5 }],
    ['  12\t34  5 \r\n', { pid: 12, startTime: 34, epoch: 5 }],
    ['12 34\n', { pid: 12, startTime: 34, epoch: 0 }],
    ['12 34 5\nleft over from before', { pid: 12, startTime: 34, epoch: 5 }],
    ['12 34 5\0\0\0\0', { pid: 12, startTime: 34, epoch: 5 }],
    ['', undefined],
    ['\n', undefined],
    ['\0\0\0\0', undefined],
    ['12', undefined],
    ['12\n34 5\n', undefined],
    ['0 34 5\n', undefined],
    ['-1 34 5\n', undefined],
    ['twelve 34 5\n', undefined],
    ['12 34 5x\n', undefined],
    ['99999999999999999999 1 1\n', undefined],
    ['9999999999999999 1 1\n', undefined],
  ])('reads %j as %o', (text, record) => {
    expect(parseLockRecord(text)).toEqual(record)
  })

  it('never throws, for any content of the file', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const record = parseLockRecord(text)
        if (record !== undefined) expect(parseLockRecord(formatLockRecord(record))).toEqual(record)
      }),
    )
  })
})

describe('the start time of a process', () => {
  const rest = 'S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21'

  it.each(['node', 'a b', 'odd) name (', ') S 1 2 3'])('is found after the name %j', (name) => {
    expect(parseProcessStartTime(`17 (${name}) ${rest}\n`)).toBe(4711)
  })

  it.each(['', '17', '17 (node)', '17 (node) S 1 2', '17 node S'])('is not found in %j', (stat) => {
    expect(parseProcessStartTime(stat)).toBeUndefined()
  })

  it.each(['Z', 'X'])('L18: is that of nobody when the process has ended and its parent has not asked: %s', (state) => {
    expect(parseProcessStartTime(`17 (node) ${state}${rest.slice(1)}\n`)).toBeUndefined()
  })

  it('is found for this process', () => {
    const startTime = parseProcessStartTime(readFileSync('/proc/self/stat', 'utf8'))
    expect(startTime).toBeGreaterThan(0)
    expect(parseProcessStartTime(readFileSync('/proc/self/stat', 'utf8'))).toBe(startTime)
  })
})
