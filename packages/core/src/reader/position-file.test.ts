import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { openReader, openWriter } from '../index.js'

describe('a reader’s file', () => {
  it('begins anew when it holds zeros, which a power cut leaves of a registration that was not synced', () => {
    const directory = temporaryDirectory()
    using writer = openWriter(directory, { segmentSize: 4096, retention: { consumed: true } })
    appendNumbered(writer, 0, 20)
    openReader(directory, 'a', { start: 'latest' }).close()
    writeFileSync(join(directory, 'readers', 'a.meta'), Buffer.alloc(80))
    expect(writer.explainRetention().flatMap(({ pinnedBy }) => pinnedBy)).toEqual([])
    const reader = openReader(directory, 'a')
    expect(drainSequences(reader)).toEqual(range(0, 20))
    reader.commit({ durable: true })
    reader.close()
    using resumed = openReader(directory, 'a')
    expect(resumed.next()).toBeUndefined()
  })
})
