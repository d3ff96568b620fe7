import { BRIDGE_FIRST_MS, BRIDGE_LAST_MS } from '../defaults.js'

/**
 * A few looks in quick succession, each after twice the pause of the one before, while a watch is being set up: that takes a millisecond on a quiet machine and many on
 * a busy one, and what is awaited usually happens right then.
 */
export class Bridge {
  #timer: NodeJS.Timeout | undefined

  start(look: () => void): void {
    this.stop()
    this.#schedule(look, BRIDGE_FIRST_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #schedule(look: () => void, pauseMs: number): void {
    if (pauseMs > BRIDGE_LAST_MS) return
    this.#timer = setTimeout(() => {
      this.#schedule(look, pauseMs * 2)
      look()
    }, pauseMs).unref()
  }
}
