import { PARK_TURN_MS } from '../defaults.js'
import { onAbort } from './abort-listeners.js'
import { anyReady } from './looking.js'
import type { Parkable } from './parkable.js'
import { Parking } from './parking.js'
import type { WaitEnds, WaitOutcome } from './wait-strategy.js'

/** Sleeps for at most so many milliseconds, or until something may be there to read. */
type Sleep = (leftMs: number) => Promise<void>

/** Waits asynchronously: a look, a sleep, a look, until there is a message, the time is over, or an end comes. */
async function waitInTurns(
  sources: readonly Parkable[],
  deadline: number,
  { ends, sleep }: { readonly ends: WaitEnds; readonly sleep: Sleep },
): Promise<WaitOutcome> {
  for (;;) {
    ends.signal?.throwIfAborted()
    if (anyReady(sources)) return 'message'
    const leftMs = deadline - performance.now()
    if (leftMs <= 0 || ends.interruption?.isOver) return 'timeout'
    // Without a source only the time, the signal and the interruption can end a wait.
    if (sources.length === 0) await untilWoken(ends, (wake) => startTimer(wake, leftMs))
    else await sleep(leftMs)
  }
}

/** {@link waitInTurns} with one look per turn of the event loop. */
export function lookEveryTurn(sources: readonly Parkable[], deadline: number, ends: WaitEnds): Promise<WaitOutcome> {
  return waitInTurns(sources, deadline, { ends, sleep: nextTurn })
}

/** One turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** {@link waitInTurns} with sleeps of the process's one waiting thread. */
export function parkAsync(sources: readonly Parkable[], deadline: number, ends: WaitEnds): Promise<WaitOutcome> {
  const parking = new Parking(sources)
  const sleep = async (leftMs: number): Promise<void> => {
    if (!parking.prepare()) return
    try {
      await untilWoken(ends, (wake) => startPark(parking, leftMs, wake))
    } finally {
      parking.withdraw()
    }
  }
  return waitInTurns(sources, deadline, { ends, sleep })
}

/** Until what was begun, the signal or the interruption wakes. */
function untilWoken({ signal, interruption }: WaitEnds, begin: (wake: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    const ends: (() => void)[] = []
    const wake = (): void => {
      for (const end of ends) end()
      resolve()
    }
    ends.push(begin(wake))
    if (signal !== undefined) ends.push(onAbort(signal, wake))
    if (interruption !== undefined) ends.push(interruption.onEnd(wake))
  })
}

function startPark(parking: Parking, leftMs: number, wake: () => void): () => void {
  const ends = [parking.sleepElsewhere(leftMs, wake), ...parking.sources.map((source) => source.whileParked(wake))]
  return () => {
    for (const end of ends) end()
  }
}

function startTimer(wake: () => void, leftMs: number): () => void {
  const timer = setTimeout(wake, Math.min(leftMs, PARK_TURN_MS))
  return () => clearTimeout(timer)
}
