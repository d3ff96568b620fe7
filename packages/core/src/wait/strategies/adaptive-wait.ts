import { ADAPTIVE_SPINS, ADAPTIVE_YIELDS } from '../../defaults.js'
import { lookRepeatedly } from '../looking.js'
import type { Parkable } from '../parkable.js'
import { nextTurn, parkAsync } from '../turns.js'
import type { WaitOutcome, WaitStrategy } from '../wait-strategy.js'
import { parkWait } from './park-wait.js'
import { yieldThread } from './yield-wait.js'

/** Spins, then yields, then parks. For everything else. On an event loop it yields to the loop, and spins only as long as that finds messages. */
export const adaptiveWait: WaitStrategy = {
  wait: (sources, deadline) =>
    lookRepeatedly(sources, deadline, { rounds: ADAPTIVE_SPINS }) ??
    lookRepeatedly(sources, deadline, { rounds: ADAPTIVE_YIELDS, between: yieldThread }) ??
    parkWait.wait(sources, deadline),
  // Parks in the same turn of the event loop when the spin found nothing: what the caller does next must find it parked.
  async waitAsync(sources, deadline, ends) {
    ends.signal?.throwIfAborted()
    const outcome = ends.interruption?.isOver ? undefined : spinWhereWorthwhile(sources, deadline)
    if (outcome === undefined) return parkAsync(sources, deadline, ends)
    if (outcome === 'message' && sources[0]?.spins.found()) await nextTurn()
    ends.signal?.throwIfAborted()
    return outcome
  },
}

/** Parking and waking cost as much as this spin, or more. Several sources are left to the parking: how often each of them was worth a spin says nothing of all together. */
function spinWhereWorthwhile(sources: readonly Parkable[], deadline: number): WaitOutcome | undefined {
  const [alone] = sources
  if (alone === undefined || sources.length > 1 || !alone.spins.isWorthwhile()) return undefined
  const outcome = lookRepeatedly(sources, deadline, { rounds: ADAPTIVE_SPINS })
  if (outcome === undefined) alone.spins.missed()
  return outcome
}
