import { setTimeout as sleep } from 'node:timers/promises'
import { isQueueError } from '@chronicle-ts/core'

/** First and longest pause before a session is begun again. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

/** Tells about a session that ended. */
export interface SessionNote {
  readonly error: unknown
  /** How often in a row. */
  readonly attempt: number
}

/** What sessions count, over all of them. */
export interface SessionCounts {
  readonly frames: number
  failures: number
}

/**
 * Runs sessions until one ends without an error, or the signal aborts. A session that fails because of the server or the network is followed by another one, which reads from the stream where it is. What the
 * queues say is final. The pause grows while sessions fail without a frame between them.
 */
export async function inSessions(
  session: () => Promise<void>,
  { signal, counts, onNote }: { signal: AbortSignal; counts: SessionCounts; onNote?: ((note: SessionNote) => void) | undefined },
): Promise<void> {
  let framesBefore = counts.frames
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return await session()
    } catch (error) {
      if (signal.aborted) return
      if (isQueueError(error) || !isOfServer(error)) throw error
      if (counts.frames > framesBefore) attempt = 1
      framesBefore = counts.frames
      counts.failures++
      onNote?.({ error, attempt })
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS)
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** Errors of the client: a connection that is lost, a request without an answer, a server that has no JetStream yet. Not those of programming. */
function isOfServer(error: unknown): boolean {
  return (
    error instanceof Error &&
    !(error instanceof TypeError) &&
    !(error instanceof RangeError) &&
    !(error instanceof ReferenceError)
  )
}
