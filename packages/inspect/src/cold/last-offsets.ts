import { SEGMENT_FIRST_RECORD_OFFSET, SequenceRule, walkHeaders } from '@chronicle-ts/core/internal'
import { BulkCheck } from './bulk-check.js'
import type { ColdSegment } from './cold-segment.js'

/** Few enough records that listing those of two runs takes no time, and enough that a segment has few runs. */
const RUN_BYTES = 256 * 1024

/** Records that follow each other. */
interface Run {
  readonly offset: number
  readonly count: number
}

/**
 * Offsets of the last `count` records of a segment before `limit`, ascending. Only a walk from the beginning of a segment is certain of where its records begin: a payload may look like one. Native code goes
 * over those that are good, and the headers of damaged ones are walked.
 */
export function lastOffsets(segment: ColdSegment, count: number, limit: number): number[] {
  const runs = runsIn(segment, limit)
  let first = runs.length
  for (let held = 0; first > 0 && held < count; first -= 1) held += runs[first - 1]?.count ?? 0
  return runs
    .slice(first)
    .flatMap((run) => offsetsIn(segment, run))
    .slice(-count)
}

function runsIn(segment: ColdSegment, limit: number): Run[] {
  const runs: Run[] = []
  const bulk = new BulkCheck()
  try {
    let offset = SEGMENT_FIRST_RECORD_OFFSET
    while (offset < limit) {
      // Places are asked for and no sequences: any one may follow.
      const good = bulk.run(segment, offset, new SequenceRule(), Math.min(RUN_BYTES, limit - offset))
      const end = good?.end ?? endOfOne(segment, offset)
      if (end === offset) break
      runs.push({ offset, count: good?.count ?? 1 })
      offset = end
    }
    return runs
  } finally {
    bulk.close()
  }
}

/** Where the record at an offset ends; the offset itself where none is. */
function endOfOne(segment: ColdSegment, offset: number): number {
  return walkHeaders(segment, (at) => at === offset, offset).end
}

function offsetsIn(segment: ColdSegment, { offset, count }: Run): number[] {
  const offsets: number[] = []
  walkHeaders(
    segment,
    (at) => {
      if (offsets.length === count) return false
      offsets.push(at)
      return true
    },
    offset,
  )
  return offsets
}
