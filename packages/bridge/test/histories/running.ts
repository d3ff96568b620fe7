import { setTimeout as sleep } from 'node:timers/promises'
import { isQueueError, type QueueErrorCode } from '@chronicle-ts/core'

/** What a bridge that runs in the background ends with when the history goes that way; everything else is a fault. */
const EXPECTED: readonly QueueErrorCode[] = ['ERR_FENCED']
const TRIES_MAX = 50

/** Asks a server again that has just been killed, started or cut off: what a person at the command line does. */
export async function persistently<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if ((isQueueError(error) && !isQueueError(error, 'ERR_SERVER_UNREACHABLE')) || tries === TRIES_MAX) throw error
      await sleep(100)
    }
  }
}

/** One end of a bridge that runs until it is ended. */
export class Running {
  readonly #ending = new AbortController()
  readonly #ended: Promise<void>

  /** @param faults of the history, to which this one adds its own */
  constructor(faults: unknown[], run: (signal: AbortSignal) => Promise<void>, close: () => void) {
    this.#ended = run(this.#ending.signal)
      .catch((error: unknown) => {
        if (!EXPECTED.some((code) => isQueueError(error, code))) faults.push(error)
      })
      .finally(close)
  }

  async end(): Promise<void> {
    this.#ending.abort()
    await this.#ended
  }
}
