import { binding } from '@chronicle-ts/native'
import { ADAPTIVE_SPINS } from '../../defaults.js'
import { lookOn } from '../looking.js'
import { lookEveryTurn } from '../turns.js'
import type { WaitStrategy } from '../wait-strategy.js'

/** Yields the core to other threads between two looks. For a shared core. */
export const yieldWait: WaitStrategy = {
  wait: (sources, deadline) => lookOn(sources, deadline, { rounds: ADAPTIVE_SPINS, between: yieldThread }),
  waitAsync: lookEveryTurn,
}

export function yieldThread(): void {
  binding.yieldThread()
}
