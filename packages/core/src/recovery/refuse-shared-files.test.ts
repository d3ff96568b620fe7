import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { CONTROL_FILE, segmentFileName } from '../format/index.js'
import { openObserver, openReader, openWriter } from '../index.js'

/** As `cp -al` does. */
function linkAll(from: string, to: string): void {
  mkdirSync(to)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) linkAll(source, target)
    else linkSync(source, target)
  }
}

/** A closed queue of some segments with a reader. */
function closedQueue(): { directory: string; other: string; headId: number } {
  const root = temporaryDirectory()
  const directory = join(root, 'queue')
  const writer = openWriter(directory, { segmentSize: 4096 })
  appendNumbered(writer, 0, 70)
  openReader(directory, 'reader').close()
  const headId = writer.position.segmentId
  writer.close()
  return { directory, other: join(root, 'other'), headId }
}

describe('a directory whose files were linked', () => {
  it('L58: is refused by writers and readers in both places, unchanged, until the other one is deleted', () => {
    const { directory, other } = closedQueue()
    linkAll(directory, other)
    const before = readFileSync(join(other, CONTROL_FILE))
    for (const place of [directory, other]) {
      expect(() => openWriter(place)).toThrowError(code('ERR_LINK', { path: join(place, CONTROL_FILE), isHard: true }))
      expect(() => openReader(place, 'reader')).toThrowError(code('ERR_LINK', { isHard: true }))
      using observer = openObserver(place)
      expect(drainSequences(observer)).toEqual(range(0, 70))
    }
    expect(readFileSync(join(other, CONTROL_FILE))).toEqual(before)
    rmSync(other, { recursive: true })
    using writer = openWriter(directory)
    expect([writer.recovery, writer.nextSequence]).toEqual([[], 70])
    openReader(directory, 'reader').close()
  })

  it.each([0, 1])('L58: is refused for its head or the segment after it alone: %i', (after) => {
    const { directory, other, headId } = closedQueue()
    const name = segmentFileName(headId + after)
    if (after === 1) renameSync(join(directory, segmentFileName(headId)), join(directory, name))
    linkSync(join(directory, name), other)
    expect(() => openWriter(directory)).toThrowError(code('ERR_LINK', { path: join(directory, name) }))
  })

  it('opens when only sealed segments are shared, or the second name is a leftover of the queue itself', () => {
    const { directory, other } = closedQueue()
    linkSync(join(directory, segmentFileName(0)), other)
    mkdirSync(join(directory, 'quarantine'))
    linkSync(join(directory, CONTROL_FILE), join(directory, 'quarantine', 'kept'))
    linkSync(join(directory, 'readers/reader.meta'), join(directory, 'quarantine', 'kept reader'))
    using writer = openWriter(directory)
    expect(writer.nextSequence).toBe(70)
    openReader(directory, 'reader').close()
  })
})
