import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openWriter } from '@chronicle-ts/core'
import { segmentFileName } from '@chronicle-ts/core/internal'
import { expect, it } from 'vitest'
import { appendNumbered, drainSequences, range } from '../../../core/test/support/messages.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { repairQueue } from '../../src/index.js'

it('repairs a segment that claims a terabyte without copying it, and keeps it as it was', () => {
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
