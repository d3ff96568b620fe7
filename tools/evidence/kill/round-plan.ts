import type { WriterOptions } from '@chronicle-ts/core'
import type { Random } from '../random.js'

/** Sizes and habits of one queue's life; all of it follows from the seed. */
export interface RoundPlan {
  readonly segmentSize: number
  /** Most segments; 0 for a queue that keeps everything. */
  readonly maxSegments: number
  /** The writer stops at this sequence, so that a queue that keeps everything stays checkable. */
  readonly messages: number
  /** Named readers that are killed, visitors that come and go, and readers that are never killed. */
  readonly readers: number
  readonly visitors: number
  readonly survivors: number
}

export function planRound(random: Random): RoundPlan {
  const isBounded = random.chance(0.6)
  return {
    segmentSize: random.pick([4096, 4096, 8192, 16384, 65536]),
    maxSegments: isBounded ? random.integer(2, 6) : 0,
    messages: isBounded ? 2_000_000 : 60_000,
    readers: random.integer(1, 3),
    visitors: random.integer(0, 2),
    survivors: 1,
  }
}

/** What a writer of this round opens with; every life has other habits. */
export function writerOptionsOf(plan: RoundPlan, random: Random): WriterOptions {
  const { segmentSize, maxSegments } = plan
  const bounds: WriterOptions =
    maxSegments > 0
      ? { maxSegments, backpressure: 'block', retention: { consumed: true } }
      : { ...(random.chance(0.3) ? { retention: { maxSegments: 1_000_000 } } : {}) }
  const flushing: WriterOptions = random.chance(0.4)
    ? {
        flushPolicy: random.pick([
          { everyMessages: 50 },
          { everyMs: 5 },
          { everyMessages: 20, wait: true },
          { everyBytes: 20_000 },
        ]),
      }
    : {}
  return {
    segmentSize,
    ...bounds,
    ...flushing,
    heartbeatIntervalMs: random.pick([0, 1, 20]),
    ...(random.chance(0.3) ? { rollAfterMs: random.integer(1, 20) } : {}),
    ...(random.chance(0.2) ? { prefault: false } : {}),
  }
}
