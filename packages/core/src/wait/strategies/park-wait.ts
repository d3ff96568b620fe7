import { anyReady } from '../looking.js'
import { Parking } from '../parking.js'
import { parkAsync } from '../turns.js'
import type { WaitStrategy } from '../wait-strategy.js'

/** Sleeps in the kernel until the writer wakes it. For idle readers. */
export const parkWait: WaitStrategy = {
  wait(sources, deadline) {
    const parking = new Parking(sources)
    for (;;) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return anyReady(sources) ? 'message' : 'timeout'
      if (!parking.prepare()) return 'message'
      parking.sleep(leftMs)
    }
  },
  waitAsync: parkAsync,
}
