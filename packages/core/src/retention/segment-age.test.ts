import { readdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { segmentFile } from '../../test/support/raw-queue.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { openWriter, type QueueWriter, realtimeNs } from '../index.js'

const HOUR_MS = 3_600_000
const hoursAgo = (hours: number) => realtimeNs() - BigInt(hours * HOUR_MS) * 1_000_000n

/** Segments of one message each, of these ages in hours, and an empty head; messages older than two hours may go. */
function queueOfAges(hours: readonly number[], extensions: boolean): { directory: string; writer: QueueWriter } {
  const directory = join(temporaryDirectory(), 'queue')
  const writer = openWriter(directory, { segmentSize: 4096, extensions })
  for (const age of hours) {
    writer.append(1, Buffer.alloc(100), { timestampNs: hoursAgo(age) })
    writer.roll()
  }
  writer.close()
  // Rolls delete step by step while the event loop does not turn: what is judged here was made without retention.
  return { directory, writer: openWriter(directory, { extensions, retention: { maxAgeMs: 2 * HOUR_MS } }) }
}

function deletable(writer: QueueWriter): number[] {
  return writer
    .explainRetention()
    .filter((verdict) => verdict.deletable)
    .map((verdict) => verdict.segmentId)
}

describe('maxAgeMs', () => {
  it('lets go segments by the time of their last message, and names the rule', () => {
    const { writer } = queueOfAges([5, 3, 1, 0], true)
    expect(deletable(writer)).toEqual([0, 1])
    expect(writer.explainRetention()[0]?.reason).toBe(`maxAgeMs=${2 * HOUR_MS}`)
    expect(writer.explainRetention()[2]?.reason).toBe('no reader is registered, and no rule lets it go')
    writer.close()
  })

  it('goes by the first message of the successor in a queue of the base format', () => {
    const { writer } = queueOfAges([5, 3, 1, 0], false)
    expect(deletable(writer)).toEqual([0])
    writer.close()
  })

  it('goes by the time of change where neither tells, and keeps what cannot be looked at', () => {
    const { directory, writer } = queueOfAges([5], false)
    expect(deletable(writer)).toEqual([])
    const past = new Date(Date.now() - 3 * HOUR_MS)
    utimesSync(segmentFile(directory, 0), past, past)
    expect(deletable(writer)).toEqual([0])
    rmSync(segmentFile(directory, 0))
    expect(deletable(writer)).toEqual([])
    writer.close()
  })

  it('deletes by itself when the time has come, without an append', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    const writer = openWriter(directory, { segmentSize: 4096, retention: { maxAgeMs: 30 } })
    writer.append(1, Buffer.alloc(100))
    writer.roll()
    expect(readdirSync(directory)).toContain('000000000.q')
    // Counted when the deletion is over: a moment after the file is gone.
    while (writer.metrics().segmentsDeleted === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(readdirSync(directory)).not.toContain('000000000.q')
    expect(writer.metrics()).toMatchObject({ segmentsDeleted: 1, rolls: 1 })
    writer.close()
  })
})
