import { ADAPTIVE_SPINS, ADAPTIVE_YIELDS } from '../../defaults.js'
import { lookRepeatedly } from '../looking.js'
import { parkAsync } from '../turns.js'
import type { WaitStrategy } from '../wait-strategy.js'
import { parkWait } from './park-wait.js'
import { yieldThread } from './yield-wait.js'

/** Spins, then yields, then parks. For everything else. */
export const adaptiveWait: WaitStrategy = {
  wait: (sources, deadline) =>
    lookRepeatedly(sources, deadline, { rounds: ADAPTIVE_SPINS }) ??
    lookRepeatedly(sources, deadline, { rounds: ADAPTIVE_YIELDS, between: yieldThread }) ??
    parkWait.wait(sources, deadline),
  waitAsync: parkAsync,
}
