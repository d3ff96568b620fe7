import { SPIN_LOOKS } from '../defaults.js'
import type { Parkable } from './parkable.js'
import type { WaitOutcome } from './wait-strategy.js'

/** Whether any source has something to read. */
export function anyReady(sources: readonly Parkable[]): boolean {
  for (const source of sources) if (source.isReady) return true
  return false
}

function anyCommitted(sources: readonly Parkable[]): boolean {
  for (const source of sources) if (source.isCommitted) return true
  return false
}

export interface LookPlan {
  readonly rounds: number
  readonly between?: () => void
}

/**
 * Looks up to `rounds` times, doing `between` after each look. Most looks are at commit words only. The control block's words change with every append, and a reader that
 * loads them all the time keeps taking them away from the writer. The clock is read every 64 rounds only: reading it costs more than looking.
 */
export function lookRepeatedly(sources: readonly Parkable[], deadline: number, plan: LookPlan): WaitOutcome | undefined {
  const [alone] = sources
  if (alone !== undefined && sources.length === 1 && plan.between === undefined) return spinOn(alone, deadline, plan.rounds)
  for (let round = 1; round <= plan.rounds; round++) {
    if (((round & 15) === 0 || anyCommitted(sources)) && anyReady(sources)) return 'message'
    plan.between?.()
    if ((round & 63) === 0 && performance.now() >= deadline) return 'timeout'
  }
  return undefined
}

/** {@link lookRepeatedly} at one source: native code looks, so that a message is there as soon as its line is, and JavaScript looks at all else once per {@link SPIN_LOOKS}. */
function spinOn(source: Parkable, deadline: number, rounds: number): WaitOutcome | undefined {
  for (let left = rounds; left > 0; left -= SPIN_LOOKS) {
    source.spin(SPIN_LOOKS)
    if (source.isReady) return 'message'
    if (performance.now() >= deadline) return 'timeout'
  }
  return undefined
}

/** {@link lookRepeatedly} until there is a message or the time is over. */
export function lookOn(sources: readonly Parkable[], deadline: number, plan: LookPlan): WaitOutcome {
  for (;;) {
    const outcome = lookRepeatedly(sources, deadline, plan)
    if (outcome !== undefined) return outcome
  }
}
