import { readdirSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/expectations.js'
import { appendNumbered } from '../../test/support/messages.js'
import { overwrite, readControlFile, segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { openReader, openWriter } from '../index.js'

const modeOf = (path: string) => statSync(path).mode & 0o777
const lessUmask = (mode: number) => mode & ~process.umask()

describe('what a writer makes', () => {
  it.each([
    ['by default', undefined, 0o666, 0o777],
    ['with a mode', 0o640, 0o640, 0o750],
    ['with a private mode', 0o600, 0o600, 0o700],
  ])('has the permissions that were asked for: %s', (_, mode, fileMode, folderMode) => {
    const queue = join(temporaryDirectory(), 'queue')
    const writer = openWriter(queue, {
      segmentSize: 4096,
      retention: { maxSegments: 3 },
      ...(mode === undefined ? {} : { mode }),
    })
    appendNumbered(writer, 0, 100)
    writer.close()
    expect(modeOf(queue)).toBe(lessUmask(folderMode))
    for (const entry of readdirSync(queue, { withFileTypes: true })) {
      const expected = entry.isDirectory() ? folderMode : fileMode
      expect([entry.name, modeOf(join(queue, entry.name))]).toEqual([entry.name, lessUmask(expected)])
    }
  })

  it('has them too where recovery makes it: segments that lead on, what it sets aside, notes of what readers lost', () => {
    const queue = join(temporaryDirectory(), 'queue')
    const options = { segmentSize: 4096, mode: 0o600 }
    const writer = openWriter(queue, options)
    appendNumbered(writer, 0, 200)
    const { currentSegment } = readControlFile(queue)
    const reader = openReader(queue, 'in-head')
    while (reader.next()?.segmentId !== currentSegment);
    reader.commit()
    reader.close()
    writer.close()
    rmSync(segmentFile(queue, currentSegment))
    openWriter(queue, options).close()
    const { currentSegment: head, writeOffset } = readControlFile(queue)
    overwrite(segmentFile(queue, head), writeOffset, Buffer.alloc(64, 0x55))
    openWriter(queue, options).close()
    const files = readdirSync(queue, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const made = files.filter(({ name }) => name !== 'in-head.meta')
    const paths = made.map(({ parentPath, name }) => relative(queue, join(parentPath, name)))
    expect(paths.map((path) => [path, modeOf(join(queue, path))])).toEqual(paths.map((path) => [path, 0o600]))
    expect(paths).toEqual(expect.arrayContaining(['readers/in-head.lost', expect.stringMatching(/^quarantine\//)]))
  })

  it.each([0o400, 0o066, 0o1666, 1.5, -1, '0o600'])('cannot have permissions without the owner’s, or other bits: %s', (mode) => {
    const queue = join(temporaryDirectory(), 'queue')
    const refusal = code('ERR_INVALID_ARGUMENT', { argument: 'mode' })
    expect(() => openWriter(queue, { mode: mode as number })).toThrowError(refusal)
  })
})
