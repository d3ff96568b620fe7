import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openColdReader } from '@chronicle-ts/inspect'
import { describe, expect, it, onTestFinished } from 'vitest'
import { appendNumbered, drainSequences, range } from '../../test/support/messages.js'
import { segmentsOf } from '../../test/support/new-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { openObserver, openReader, openWriter } from '../index.js'

/** Two working directories for this test. */
function workingDirectories(): { here: string; there: string } {
  const before = process.cwd()
  onTestFinished(() => process.chdir(before))
  const root = temporaryDirectory()
  const [here, there] = [join(root, 'here'), join(root, 'there')] as const
  for (const path of [here, there]) mkdirSync(path)
  return { here, there }
}

describe('a queue that was opened by a relative path', () => {
  it('stays where it is when the working directory changes, and leaves its namesake there alone', () => {
    const { here, there } = workingDirectories()
    openWriter(join(there, 'a queue'), { segmentSize: 4096 }).close()
    const namesake = readdirSync(join(there, 'a queue'))
    process.chdir(here)
    using writer = openWriter('a queue', { segmentSize: 4096, maxSegments: 30 })
    using reader = openReader('a queue', 'a')
    using observer = openObserver('./a queue')
    appendNumbered(writer, 0, 50)
    using cold = openColdReader('a queue')
    process.chdir(there)
    appendNumbered(writer, 50, 200)
    writer.flushSync()
    expect(drainSequences(reader)).toEqual(range(0, 200))
    expect(drainSequences(observer)).toEqual(range(0, 200))
    expect([...cold].filter((item) => item.kind === 'record')).toHaveLength(200)
    reader.seek({ sequence: 150 })
    expect(reader.next()?.sequence).toBe(150)
    expect(reader.writerStatus().alive).toBe(true)
    expect(segmentsOf(join(here, 'a queue')).length).toBeGreaterThan(writer.position.segmentId)
    expect(readdirSync(join(there, 'a queue'))).toEqual(namesake)
    writer.close()
  })
})
