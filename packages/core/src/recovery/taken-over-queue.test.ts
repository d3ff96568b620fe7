import { cpSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { drainSequences, range } from '../../test/support/messages.js'
import { queueOf, segmentsOf } from '../../test/support/new-queue.js'
import { overwriteControl, pretendAnotherBoot, segmentFile } from '../../test/support/raw-queue.js'
import { asBaseRecord, rewriteRecords, setSequence } from '../../test/support/rewrite-records.js'
import { CONTROL_DURABLE_SLOT_0_OFFSET, DURABLE_SLOT_COUNT, DURABLE_SLOT_LENGTH } from '../format/index.js'
import { openObserver, openWriter } from '../index.js'

/** A queue that two writers of the base format and one of this library wrote, each of which began a segment. Returns the sequences in it by writer. */
function queueOfThreeWriters(): { directory: string; sequences: number[][] } {
  const { directory, writer } = queueOf(100)
  writer.close()
  for (const id of [0, 1]) rewriteRecords(directory, id, asBaseRecord)
  const inFirst = rewriteRecords(directory, 0, () => undefined)
  const inSecond = rewriteRecords(directory, 1, (segment, at, index) => setSequence(segment, at, index))
  return { directory, sequences: [range(0, inFirst), range(0, inSecond), range(inFirst + inSecond, 100)] }
}

/** As if nothing had been synced. */
function stopMachine(directory: string): void {
  overwriteControl(directory, CONTROL_DURABLE_SLOT_0_OFFSET, Buffer.alloc(DURABLE_SLOT_COUNT * DURABLE_SLOT_LENGTH))
  pretendAnotherBoot(directory)
}

describe('recovery after a stop of the machine, of a queue that this library took over', () => {
  it('keeps the messages after a segment that begins again at 0, and after one that goes on higher', () => {
    const { directory, sequences } = queueOfThreeWriters()
    stopMachine(directory)
    const writer = openWriter(directory)
    expect(writer.nextSequence).toBe(100)
    writer.append(1, Buffer.from('next'))
    writer.close()
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual([...sequences.flat(), 100])
  })

  it('gives no sequence out again when the last record is one of those that began again', () => {
    const { directory, sequences } = queueOfThreeWriters()
    for (const id of segmentsOf(directory)) if (id > 1) rmSync(segmentFile(directory, id))
    const left = sequences.slice(0, 2).flat()
    stopMachine(directory)
    const writer = openWriter(directory)
    expect(writer.nextSequence).toBe(Math.max(...left) + 1)
    writer.close()
    using observer = openObserver(directory)
    expect(drainSequences(observer)).toEqual(left)
  })
})

describe('recovery of a copy of a queue that this library took over', () => {
  it('takes no takeover for a gap', () => {
    const { directory, sequences } = queueOfThreeWriters()
    stopMachine(directory)
    const copy = `${directory}-copy`
    cpSync(directory, copy, { recursive: true })
    const writer = openWriter(copy)
    expect(writer.recovery.map((action) => action.case)).toContain('copied-queue')
    expect(writer.nextSequence).toBe(100)
    writer.close()
    using observer = openObserver(copy)
    expect(drainSequences(observer)).toEqual(sequences.flat())
  })
})
