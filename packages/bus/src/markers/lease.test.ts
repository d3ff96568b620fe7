import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { someLease, temporaryFolder } from '../../test/support/temporary-bus.js'
import { formatLease, isSameOwner, parseLease, readLease, writeLease } from './lease.js'

const anyLease = fc.record({
  pid: fc.integer({ min: 1 }),
  startTime: fc.maxSafeNat(),
  bootId: fc.string(),
  epoch: fc.maxSafeNat(),
  timestampNs: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  closed: fc.boolean(),
})

describe('LEASE', () => {
  it('L30: is JSON with the agreed members', () => {
    expect(JSON.parse(formatLease(someLease))).toEqual({
      pid: 1001,
      startTime: 77,
      bootId: '6f0a4d3e-0c1b-4b6e-9a52-3c61f1d4c9b1',
      epoch: 1,
      timestampNs: '1700000000123456789',
    })
  })

  it('reads back every lease to the last nanosecond', () => {
    const readsBack = fc.property(anyLease, (lease) => {
      expect(parseLease(formatLease(lease))).toEqual({ kind: 'lease', lease })
    })
    fc.assert(readsBack)
  })

  it.each([
    ['any text', fc.string({ unit: 'binary' })],
    ['any JSON', fc.json()],
  ])('takes %s for what it is and never throws', (_, texts) => {
    const isTyped = fc.property(texts, (text) => {
      expect(['lease', 'empty', 'unreadable']).toContain(parseLease(text).kind)
    })
    fc.assert(isTyped)
  })

  it('takes a lease that was cut short anywhere for unreadable, or empty when nothing is left', () => {
    const text = formatLease(someLease).trimEnd()
    expect(parseLease(text.slice(0, 0))).toEqual({ kind: 'empty' })
    for (let length = 1; length < text.length; length++) expect(parseLease(text.slice(0, length)).kind).toBe('unreadable')
  })

  it.each([
    ['{"pid":"7"}', 'pid is not what it should be'],
    ['{"pid":0}', 'pid is not what it should be'],
    ['{"pid":1}', 'startTime is missing'],
    ['{"pid":1,"startTime":2,"bootId":3}', 'bootId is not what it should be'],
    ['{"pid":1,"startTime":2,"bootId":"","epoch":-1}', 'epoch is not what it should be'],
    ['{"pid":1,"startTime":2,"bootId":"","epoch":1.5}', 'epoch is not what it should be'],
    ['{"pid":1,"startTime":2,"bootId":"","epoch":1,"timestampNs":"soon"}', 'timestampNs is not what it should be'],
    ['[1,2]', 'not a JSON object'],
    ['null', 'not a JSON object'],
    ['1700000000', 'not a JSON object'],
    ['alive', 'not JSON'],
  ])('says what is wrong with %s', (text, detail) => {
    expect(parseLease(text)).toEqual({ kind: 'unreadable', detail })
  })

  it('accepts a time without quotes and members it does not know', () => {
    const reading = parseLease('{"pid":1,"startTime":2,"bootId":"b","epoch":3,"timestampNs":4,"host":"x"}')
    expect(reading).toEqual({
      kind: 'lease',
      lease: { pid: 1, startTime: 2, bootId: 'b', epoch: 3, timestampNs: 4n, closed: false },
    })
  })

  it('L30: is replaced as a whole and leaves no temporary file', () => {
    const queue = temporaryFolder()
    expect(readLease(queue)).toEqual({ kind: 'absent' })
    writeLease(queue, someLease)
    writeLease(queue, { ...someLease, timestampNs: 5n })
    expect(readLease(queue)).toEqual({ kind: 'lease', lease: { ...someLease, timestampNs: 5n } })
    expect(readdirSync(queue)).toEqual(['LEASE'])
  })

  it('reads an empty file, a huge one and a directory without throwing', () => {
    const queue = temporaryFolder()
    writeFileSync(join(queue, 'LEASE'), '')
    expect(readLease(queue)).toEqual({ kind: 'empty' })
    writeFileSync(join(queue, 'LEASE'), 'x'.repeat(1_000_000))
    expect(readLease(queue)).toEqual({ kind: 'empty' })
    const other = temporaryFolder()
    mkdirSync(join(other, 'LEASE'))
    expect(readLease(other)).toEqual({ kind: 'empty' })
  })

  it('knows an owner by pid, start time, boot and epoch, not by the time of renewal', () => {
    expect(isSameOwner(someLease, { ...someLease, timestampNs: 1n, closed: true })).toBe(true)
    for (const change of [{ pid: 2 }, { startTime: 2 }, { bootId: 'x' }, { epoch: 2 }]) {
      expect(isSameOwner(someLease, { ...someLease, ...change })).toBe(false)
    }
  })
})
