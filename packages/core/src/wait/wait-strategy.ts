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
export const WAIT_STRATEGIES = ['busySpin', 'yield', 'backoff', 'park', 'adaptive'] as const

export type WaitStrategyName = (typeof WAIT_STRATEGIES)[number]

/** Why a wait ended. */
export type WaitOutcome = 'message' | 'timeout'
