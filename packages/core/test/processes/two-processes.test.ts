import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { isQueueError, openReader, type QueueReader, type WaitStrategyName } from '../../src/index.js'
import { Child } from '../support/child.js'
import { temporaryDirectory } from '../support/temporary.js'

interface WriterSum {
  readonly hash: string
  readonly rolls: number
  readonly nextSequence: number
}

/** The queue is made by the other process: until then there is nothing to open. */
async function openWhenThere(directory: string, wait: WaitStrategyName): Promise<QueueReader> {
  for (;;) {
    try {
      return openReader(directory, 'reader', { wait })
    } catch (error) {
      if (!isQueueError(error) || error.category !== 'retry') throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

/** Reads `count` messages while the writer appends them. Sequences are checked one by one, payloads by their hash. */
function readAll(reader: QueueReader, count: number): string {
  const hash = createHash('sha256')
  let expected = 0
  while (expected < count) {
    const message = reader.next()
    if (message === undefined) {
      reader.wait({ timeoutMs: 1000 })
      continue
    }
    if (message.sequence !== expected) throw new Error(`sequence ${message.sequence} instead of ${expected}`)
    hash.update(message.payload)
    expected++
    if (expected % 1000 === 0) reader.commit()
  }
  return hash.digest('hex')
}

const FACTOR = amount({ short: 1, long: 3, full: 30 })

const CASES = [
  { segmentSize: 4096, count: 10_000 * FACTOR, payloadMax: 200, wait: 'adaptive', minRolls: 200 * FACTOR },
  { segmentSize: 65_536, count: 30_000 * FACTOR, payloadMax: 100, wait: 'park', minRolls: 20 * FACTOR },
  { segmentSize: 1_048_576, count: 100_000 * FACTOR, payloadMax: 300, wait: 'adaptive', minRolls: 20 * FACTOR },
] as const

describe('two processes', () => {
  it.each(CASES)(
    'L1, L2: reader sees each of $count messages once across rolls of $segmentSize bytes',
    async (setting) => {
      const directory = join(temporaryDirectory(), 'queue')
      const child = new Child('append-stream', [directory, setting.count, setting.segmentSize, setting.payloadMax])
      const reader = await openWhenThere(directory, setting.wait)
      const hash = readAll(reader, setting.count)
      const sum = await child.json<WriterSum>()
      expect(hash).toBe(sum.hash)
      expect(sum.nextSequence).toBe(setting.count)
      expect(sum.rolls).toBeGreaterThanOrEqual(setting.minRolls)
      expect(reader.next()).toBeUndefined()
      reader.close()
    },
    60_000 + 10_000 * FACTOR,
  )
})
