import { PARKED_LOOK_MS } from '../defaults.js'
import type { QueueLooks } from './ownership.js'

/** A source that may sleep for long in an event loop. */
export interface ParkedSource {
  /** Looks after the files of the source; ends its sleep when there is something to tell. Never throws. */
  lookAfter(looks: QueueLooks): void
}

const parked = new Map<ParkedSource, number>()
let timer: NodeJS.Timeout | undefined

/** One timer looks after all sources of this thread that sleep: nothing else runs for them. Returns what ends that. */
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

function lookAfterAll(): void {
  const looks: QueueLooks = new Map()
  for (const source of [...parked.keys()]) source.lookAfter(looks)
  if (parked.size > 0) return
  clearInterval(timer)
  timer = undefined
}
