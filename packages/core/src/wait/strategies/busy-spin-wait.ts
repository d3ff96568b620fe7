import { ADAPTIVE_SPINS } from '../../defaults.js'
import { lookOn } from '../looking.js'
import { lookEveryTurn } from '../turns.js'
import type { WaitStrategy } from '../wait-strategy.js'

/** Looks again at once. For a core of its own. */
export const busySpinWait: WaitStrategy = {
  wait: (sources, deadline) => lookOn(sources, deadline, { rounds: ADAPTIVE_SPINS }),
  waitAsync: lookEveryTurn,
}
