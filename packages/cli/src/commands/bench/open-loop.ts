import { monotonicNs } from './monotonic-clock.js'

/** The first message is due this long after the start. */
const LEAD_NS = 10e6

/** Messages that are due at fixed instants. */
export interface OpenLoop {
  readonly count: number
  readonly messagesPerSecond: number
  /** Sends one message; called at `nowNs`, which is `dueNs` or later. CLOCK_MONOTONIC. */
  readonly send: (index: number, dueNs: number, nowNs: number) => void
}

/**
 * Sends in the open loop. Message n is due at a fixed instant, independent of those before it, and latencies count from then, so that a stall is charged to everything it held
 * up. Spins between messages: a sleeping sender would add its own waking up to every latency.
 *
 * @returns nanoseconds of CLOCK_MONOTONIC at which message 0 was due
 */
export function sendInOpenLoop({ count, messagesPerSecond, send }: OpenLoop): number {
  const intervalNs = 1e9 / messagesPerSecond
  const startNs = monotonicNs() + LEAD_NS
  for (let index = 0; index < count; index++) {
    const dueNs = startNs + index * intervalNs
    let nowNs = monotonicNs()
    while (nowNs < dueNs) nowNs = monotonicNs()
    send(index, dueNs, nowNs)
  }
  return startNs
}
