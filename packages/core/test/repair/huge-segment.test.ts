import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openObserver, openWriter, repairQueue, segmentFileName } from '../../src/index.js'
import { appendNumbered, drainSequences, range } from '../support/messages.js'
import { temporaryDirectory } from '../support/temporary.js'

it('mends a segment that claims a terabyte without copying it, and keeps it as it was', () => {
  const directory = join(temporaryDirectory(), 'queue')
  const writer = openWriter(directory, { segmentSize: 4096 })
  appendNumbered(writer, 0, 60)
  writer.close()
  truncateSync(join(directory, segmentFileName(0)), 2 ** 40)

  repairQueue(directory)

  using observer = openObserver(directory, { start: 'earliest' })
  expect(drainSequences(observer)).toEqual(range(0, 60))
  const kept = readdirSync(join(directory, 'quarantine')).filter((name) => name.endsWith(segmentFileName(0)))
  expect(kept.map((name) => statSync(join(directory, 'quarantine', name)).size)).toEqual([2 ** 40])
})
