import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { RECORD_FLAGS_OFFSET } from '../../src/format/index.js'
import { openObserver, openReader, openWriter } from '../../src/index.js'
import { killedQueue } from '../support/killed-queue.js'
import { appendNumbered, drainSequences } from '../support/messages.js'
import { pretendAnotherBoot } from '../support/raw-queue.js'
import { rewriteRecords } from '../support/rewrite-records.js'
import { temporaryDirectory } from '../support/temporary.js'

/*
 * What later versions of the format may add, and what others keep in a queue's directory: this version must neither refuse nor touch it.
 */

/** Bits 5 to 7 of a record's flags, which mean nothing yet. */
const UNKNOWN_FLAGS = 0b1110_0000

it.each(['the next open', 'the next open on a restarted machine'])('flags that are unknown refuse no record: %s', (when) => {
  const directory = killedQueue(60)
  let records = 0
  for (const segmentId of [0, 1])
    records += rewriteRecords(directory, segmentId, (segment, at) => {
      segment.writeUInt16LE(segment.readUInt16LE(at + RECORD_FLAGS_OFFSET) | UNKNOWN_FLAGS, at + RECORD_FLAGS_OFFSET)
    })
  if (when !== 'the next open') pretendAnotherBoot(directory)
  using writer = openWriter(directory)
  expect(writer.nextSequence).toBe(60)
  appendNumbered(writer, 60, 62)
  using reader = openReader(directory, 'reader')
  expect(drainSequences(reader)).toEqual(Array.from({ length: 62 }, (_, sequence) => sequence))
  expect(records).toBeGreaterThan(30)

  // A replica takes them over as they are.
  using source = openObserver(directory, { start: 'earliest' })
  using replica = openWriter(join(temporaryDirectory(), 'replica'), { segmentSize: 8192 })
  for (let block = source.nextBlock(); block !== undefined; block = source.nextBlock()) replica.appendBlock(block.bytes)
  expect(replica.nextSequence).toBe(62)
})

it('files and folders with other names stay as they are, through opening, rolls, deletion and recovery', () => {
  const directory = killedQueue(30)
  const others = [
    'notes.txt',
    '000000000.q.bak',
    '0.q',
    'readers/notes',
    'archive/000000000.qz',
    'mine/deep/file',
    'control.meta.old',
  ]
  for (const folder of ['archive', 'mine/deep', 'readers']) mkdirSync(join(directory, folder), { recursive: true })
  for (const name of others) writeFileSync(join(directory, name), `the content of ${name}`)
  for (let opens = 0; opens < 2; opens++) {
    using writer = openWriter(directory, { retention: { maxSegments: 3 } })
    using reader = openReader(directory, 'reader')
    for (let round = 0; round < 8; round++) {
      appendNumbered(writer, writer.nextSequence, writer.nextSequence + 30)
      drainSequences(reader)
      reader.commit()
    }
  }
  for (const name of others) expect(readFileSync(join(directory, name), 'utf8')).toBe(`the content of ${name}`)
})
