import { setTimeout as sleep } from 'node:timers/promises'
import { InterruptedError } from '../../command-error.js'

/** Looks, waits, and looks again until Ctrl-C: that is how watching ends, also when it comes during a look and only the error of the look reports it. */
export async function lookAgainAndAgain(signal: AbortSignal, intervalMs: number, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await look()
    } catch (error) {
      if (error instanceof InterruptedError) return
      throw error
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
  }
}
