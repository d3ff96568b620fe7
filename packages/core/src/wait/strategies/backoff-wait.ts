import { ADAPTIVE_SPINS } from '../../defaults.js'
import { pause } from '../../files/pause.js'
import { anyReady, lookRepeatedly } from '../looking.js'
import { parkAsync } from '../turns.js'
import type { WaitStrategy } from '../wait-strategy.js'

const SLEEP_MIN_MS = 0.01
const SLEEP_MAX_MS = 1

/** Sleeps longer and longer between two looks. For latency that does not matter much. */
export const backoffWait: WaitStrategy = {
  wait(sources, deadline) {
    const soon = lookRepeatedly(sources, deadline, { rounds: ADAPTIVE_SPINS })
    if (soon !== undefined) return soon
    for (let sleepMs = SLEEP_MIN_MS; ; sleepMs = Math.min(sleepMs * 2, SLEEP_MAX_MS)) {
      if (anyReady(sources)) return 'message'
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return 'timeout'
      pause(Math.min(sleepMs, leftMs))
    }
  },
  waitAsync: parkAsync,
}
