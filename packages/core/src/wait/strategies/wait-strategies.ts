import type { WaitStrategy } from '../wait-strategy.js'
import { adaptiveWait } from './adaptive-wait.js'
import { backoffWait } from './backoff-wait.js'
import { busySpinWait } from './busy-spin-wait.js'
import { parkWait } from './park-wait.js'
import { yieldWait } from './yield-wait.js'

/** Every strategy under the name by which callers choose it. */
export const STRATEGIES = {
  busySpin: busySpinWait,
  yield: yieldWait,
  backoff: backoffWait,
  park: parkWait,
  adaptive: adaptiveWait,
} as const satisfies Record<string, WaitStrategy>

export type WaitStrategyName = keyof typeof STRATEGIES

/**
 * How a reader waits, from hottest to coolest.
 *
 * | name | what it does | for |
 * |---|---|---|
 * | `busySpin` | looks again at once | a core of its own, lowest latency |
 * | `yield` | checks, yields the core to other threads | a shared core, low latency |
 * | `backoff` | looks, then sleeps longer and longer, up to a millisecond | latency that does not matter much |
 * | `park` | sleeps in the kernel until the writer wakes it | idle readers |
 * | `adaptive` | spins, then yields, then parks | everything else |
 */
export const WAIT_STRATEGIES = Object.keys(STRATEGIES) as readonly WaitStrategyName[]
