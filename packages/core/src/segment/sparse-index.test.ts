import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binding } from '@chronicle-ts/native'
import { describe, expect, it } from 'vitest'
import { appendNumbered } from '../../test/support/messages.js'
import { newQueue } from '../../test/support/new-queue.js'
import { overwrite, segmentFile, u32 } from '../../test/support/raw-queue.js'
import { heldDirectory, temporaryDirectory } from '../../test/support/temporary.js'
import { encodeSparseIndex, sparseIndexFileName } from '../format/index.js'
import { openObserver, openReader, openWriter } from '../index.js'
import { openSegment, segmentPath } from './segment-files.js'
import { sparseIndexOf } from './sparse-index.js'

const COUNT = 20_000

/** Segments of 256 KiB, several index entries each; timestamps are ten times the sequence. */
function queue(): string {
  const directory = join(temporaryDirectory(), 'queue')
  using writer = openWriter(directory, { segmentSize: 256 * 1024 })
  const payload = Buffer.alloc(40)
  for (let sequence = 0; sequence < COUNT; sequence++) writer.append(1, payload, { timestampNs: BigInt(sequence) * 10n })
  return directory
}

function expectSeeks(directory: string, name: string): void {
  using reader = openReader(directory, name)
  for (const sequence of [0, 1, 2047, 2048, 2049, 9999, 12_345, COUNT - 1]) {
    reader.seek({ sequence })
    expect(reader.next()?.sequence).toBe(sequence)
    reader.seek({ timestampNs: BigInt(sequence) * 10n - 5n < 0n ? 0n : BigInt(sequence) * 10n - 5n })
    expect(reader.next()?.sequence).toBe(sequence)
  }
}

describe('sparse index', () => {
  it('is made by the first search of a sealed segment and found again', () => {
    const directory = queue()
    expect(existsSync(join(directory, 'index'))).toBe(false)
    expectSeeks(directory, 'a')
    const files = readdirSync(join(directory, 'index'))
    expect(files.length).toBeGreaterThan(2)
    const before = files.map((file) => readFileSync(join(directory, 'index', file)))
    expectSeeks(directory, 'b')
    expect(files.map((file) => readFileSync(join(directory, 'index', file)))).toEqual(before)
  })

  it('bad-index: is made again when it is missing, cut, foreign, of another segment, or names what is not there', () => {
    const directory = queue()
    expectSeeks(directory, 'a')
    const folder = join(directory, 'index')
    const [first, second] = readdirSync(folder)
      .sort()
      .map((name) => join(folder, name))
    if (first === undefined || second === undefined) throw new Error('too few indices')
    const good = readFileSync(first)
    const damages = [
      () => rmSync(first),
      () => writeFileSync(first, good.subarray(0, good.length - 1)),
      () => writeFileSync(first, Buffer.alloc(5)),
      () => writeFileSync(first, readFileSync(second)),
      () => writeFileSync(first, Buffer.alloc(good.length, 0x33)),
      () => writeFileSync(first, Buffer.concat([good.subarray(0, 24), Buffer.alloc(good.length - 24, 1)])),
    ]
    for (const damage of damages) {
      damage()
      expectSeeks(directory, 'a')
      expect(readFileSync(first)).toEqual(good)
    }
  })

  it('is not kept for a segment that retention deleted meanwhile', () => {
    const directory = queue()
    const segment = openSegment(heldDirectory(directory), 1, 256 * 1024, false)
    if (segment === undefined) throw new Error('there is no segment 1')
    rmSync(segmentPath(heldDirectory(directory), 1))
    expect(sparseIndexOf(heldDirectory(directory), segment, true).length).toBeGreaterThan(2)
    expect(readdirSync(join(directory, 'index'))).toEqual([])
    segment.close()
  })

  it('observers search without leaving anything', () => {
    const directory = queue()
    using observer = openObserver(directory, { start: { sequence: 5000 } })
    expect(observer.next()?.sequence).toBe(5000)
    expect(existsSync(join(directory, 'index'))).toBe(false)
  })

  it('bad-index: is made again when its checksum is right and no record is where it says', () => {
    const directory = queue()
    expectSeeks(directory, 'a')
    const path = join(directory, 'index', sparseIndexFileName(0))
    const good = readFileSync(path)
    for (const offset of [0, 65, 256 * 1024, 2 ** 40]) {
      const entries = [{ sequence: 0, timestampNs: 0n, offset }]
      writeFileSync(
        path,
        encodeSparseIndex(0, entries, (bytes) => binding.crc32(bytes)),
      )
      expectSeeks(directory, 'a')
      expect(readFileSync(path)).toEqual(good)
    }
  })

  it('ends where a length is damaged, and a search after it meets the damage', () => {
    const directory = queue()
    const bad = 64 + 128 * 1000
    overwrite(segmentFile(directory, 0), bad, u32(0x7fffffff))
    using reader = openReader(directory, 'a', { start: { sequence: 999 } })
    expect(reader.next()?.sequence).toBe(999)
    reader.seek({ sequence: 1500 })
    expect(() => reader.next()).toThrowError(expect.objectContaining({ code: 'ERR_CORRUPT_RECORD', offset: bad }))
    expect(readdirSync(join(directory, 'index'))).toContain(sparseIndexFileName(0))
  })

  it('of a segment that retention deleted is removed by the next writer, where the reader that made it was killed before it looked', () => {
    const { directory, writer } = newQueue()
    appendNumbered(writer, 0, 100)
    writer.close()
    rmSync(segmentFile(directory, 0))
    mkdirSync(join(directory, 'index'), { recursive: true })
    for (const id of [0, 1]) writeFileSync(join(directory, 'index', sparseIndexFileName(id)), 'index')
    const other = openWriter(directory)
    other.close()
    expect(readdirSync(join(directory, 'index')).length).toBe(2)
    openWriter(directory, { retention: { maxSegments: 1000 } }).close()
    expect(readdirSync(join(directory, 'index'))).toEqual([sparseIndexFileName(1)])
  })
})
