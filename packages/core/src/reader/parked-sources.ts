import { binding } from '@chronicle-ts/native'
import { PARKED_LOOK_MS, PARKED_LOOKS_PER_SOURCE } from '../defaults.js'

import type { QueueLooks } from './ownership.js'

/** A source that may sleep for long in an event loop. */
export interface ParkedSource {
  /** Whether something of its queue's files may have changed since its last look, or no source of the queue was asked at this moment. Cheap beside a look. */
  mayHaveChanged(looks: QueueLooks): boolean
  /** Looks after the files of the source; ends its sleep when there is something to report. Never throws. */
  lookAfter(looks: QueueLooks): void
}

const parked = new Map<ParkedSource, number>()
let timer: NodeJS.Timeout | undefined
let turn = 0

/** One timer looks after all sources of this thread that sleep: no other code runs for them. Returns what ends that. */
export function lookAfterWhileParked(source: ParkedSource): () => void {
  parked.set(source, (parked.get(source) ?? 0) + 1)
  // A source that parks again and again starts no timer each time: it goes on until a turn finds nothing to do. It keeps no process alive.
  timer ??= setInterval(lookAfterAll, PARKED_LOOK_MS).unref()
  return () => {
    const count = (parked.get(source) ?? 0) - 1
    if (count > 0) parked.set(source, count)
    else parked.delete(source)
  }
}

/** One source of each queue looks for all of them, and each looks by itself when that one found a change, and now and then. */
function lookAfterAll(): void {
  const looks: QueueLooks = new Map()
  const faults = binding.faultCount[0]
  const isDue = turn++ % PARKED_LOOKS_PER_SOURCE === 0
  for (const source of [...parked.keys()]) if (isDue || source.mayHaveChanged(looks)) source.lookAfter(looks)
  // A look at a segment that was cut short faults in the one mapping that was looked at.
  if (!isDue && binding.faultCount[0] !== faults) for (const source of [...parked.keys()]) source.lookAfter(looks)
  if (parked.size > 0) return
  clearInterval(timer)
  timer = undefined
}
