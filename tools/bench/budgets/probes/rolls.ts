import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '@chronicle-ts/cli/bench'
import { openWriter } from '@chronicle-ts/core'
import type { Probe } from '../probe.js'
import { RECORD_HEADER_LENGTH, recordLength } from '../record-length.js'

const SEGMENT_SIZE = 8 * 1024 * 1024
const SEGMENT_HEADER_LENGTH = 64
const ROLLS = 200
const PATIENCE_MS = 20_000

/** The append that finds its segment full while the next one is ready. */
export const rolls: Probe = {
  name: 'appends that roll',
  measure: async ({ directory, payloadLength, quick }) => {
    // Two messages fill a segment to its last byte: a short one, which rolled into it, and a long one.
    const payload = Buffer.alloc(payloadLength, 7)
    const filling = Buffer.alloc(SEGMENT_SIZE - SEGMENT_HEADER_LENGTH - recordLength(payloadLength) - RECORD_HEADER_LENGTH)
    const writer = openWriter(directory, { segmentSize: SEGMENT_SIZE, retention: { maxSegments: 3 } })
    writer.append(1, payload)
    const figures: number[] = []
    const count = quick ? 20 : ROLLS
    for (let tries = 0; figures.length < count && tries < 2 * count; tries++) {
      writer.append(1, filling)
      await untilPrepared(directory, writer.position.segmentId + 1)
      const { rolls: rollsBefore, unpreparedRolls } = writer.metrics()
      const beginNs = process.hrtime.bigint()
      writer.append(1, payload)
      const us = Number(process.hrtime.bigint() - beginNs) / 1e3
      const after = writer.metrics()
      if (after.rolls !== rollsBefore + 1) throw new Error(`${after.rolls - rollsBefore} rolls instead of one`)
      // The file is there a moment before the preparation has ended; a roll that meets that moment waits, and is not a case of this figure.
      if (after.unpreparedRolls === unpreparedRolls) figures.push(us)
    }
    writer.close()
    return { rollP50Us: quantile(figures, 0.5), rollP99Us: quantile(figures, 0.99) }
  },
}

async function untilPrepared(directory: string, segmentId: number): Promise<void> {
  const path = join(directory, `${String(segmentId).padStart(9, '0')}.q`)
  const deadline = performance.now() + PATIENCE_MS
  while (!existsSync(path)) {
    if (performance.now() > deadline) throw new Error(`${path} was not prepared`)
    await sleep(1)
  }
  await sleep(3)
}
