import type { WriterOptions } from '@chronicle-ts/core'
import { Random } from '../random.js'

/** What a seed decides about a recording: small segments, so that rolls are everywhere. */
export interface Plan {
  readonly segmentSize: number
  readonly writerOptions: WriterOptions
  /** Deeds per life of the recorded process. */
  readonly actions: number
  /** Lives before the first cut; all but the last end by SIGKILL, the last one perhaps. */
  readonly lives: number
  readonly lastEndsByKill: boolean
  /** Looks at the clock between two comparisons of the files. */
  readonly clockEvery: number
  /** Chance that calls fail during a deed. */
  readonly faults: number
  /** After a cut the queue is repaired before it is opened, as an operator may do it. */
  readonly repairs: boolean
}

export function planOf(seed: number): Plan {
  const random = new Random(seed)
  const segmentSize = random.pick([4096, 4096, 8192, 16384, 65536])
  const flushPolicy = random.chance(0.3) ? { everyMessages: random.integer(1, 9), wait: random.chance(0.5) } : undefined
  return {
    segmentSize,
    writerOptions: {
      segmentSize,
      prefault: random.chance(0.5),
      heartbeatIntervalMs: 0,
      ...(flushPolicy === undefined ? {} : { flushPolicy }),
      ...(random.chance(0.6) ? { retention: { consumed: true } } : {}),
    },
    actions: random.integer(30, 150),
    lives: random.pick([1, 1, 2, 3]),
    lastEndsByKill: random.chance(0.5),
    clockEvery: random.pick([1, 2, 5, 20]),
    faults: random.pick([0, 0.2, 0.5]),
    repairs: random.chance(0.3),
  }
}
