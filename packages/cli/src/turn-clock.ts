import { setImmediate as turn } from 'node:timers/promises'

/** Work goes on for this long between two turns of the event loop, in which signals and a closed pipe are noticed. */
const WORK_MS = 20

/** Says when work that never waits must let the event loop take a turn. */
export class TurnClock {
  #tookMs = performance.now()

  get isDue(): boolean {
    return performance.now() - this.#tookMs >= WORK_MS
  }

  async take(): Promise<void> {
    await turn()
    this.#tookMs = performance.now()
  }
}
