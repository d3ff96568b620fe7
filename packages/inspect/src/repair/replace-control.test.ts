import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { QueueDirectory } from '@chronicle-ts/core/internal'
import { expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../../core/test/support/build-queue.js'
import { readControlFile } from '../../../core/test/support/raw-queue.js'
import { rewriteRecords, sequenceAt, setSequence } from '../../../core/test/support/rewrite-records.js'
import { temporaryDirectory } from '../../../core/test/support/temporary.js'
import { replaceControl } from './replace-control.js'

it.each([
  ['in the middle of a segment', 0, 10],
  ['at the beginning of the queue', 0, 0],
  ['at the beginning of a segment', 1, 0],
])('continues at the same sequence as a writer, with a damaged sequence of the base format %s', (_, segmentId, damaged) => {
  const queue = join(temporaryDirectory(), 'queue')
  buildQueue(queue, { payloads: textPayloads(50), legacy: true })
  rewriteRecords(queue, segmentId, (segment, at, index) => {
    if (index === damaged) setSequence(segment, at, sequenceAt(segment, at) + 60)
  })
  rmSync(join(queue, 'control.meta'))
  const other = `${queue}-other`
  cpSync(queue, other, { recursive: true })
  const held = QueueDirectory.open(queue)
  replaceControl(held)
  held.close()
  expect(readControlFile(queue).nextSequence).toBe(50)
  using writer = openWriter(other)
  expect(writer.nextSequence).toBe(50)
})
