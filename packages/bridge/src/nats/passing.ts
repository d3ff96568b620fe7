import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isQueueError } from '@chronicle-ts/core'
import type { NatsConnection } from '@nats-io/transport-node'
import { Backoff } from './backoff.js'
import { finalErrorOf } from './refusals.js'

/** Describes a session that ended, and that another one follows. */
export interface SessionNote {
  readonly error: unknown
  /** How often in a row. */
  readonly attempt: number
}

/** What sessions count, over all of them. */
export interface SessionCounts {
  readonly frames: number
  failures: number
  /** Why the last session failed; `undefined` since a frame was passed after it. */
  lastError: string | undefined
}

interface Sessions {
  readonly connection: NatsConnection
  readonly signal: AbortSignal
  readonly counts: SessionCounts
  readonly onNote?: ((note: SessionNote) => void) | undefined
}

/**
 * Runs sessions until one ends without an error, or the signal aborts. A session that fails because of the server or the network is followed by another one, which reads from the stream where it is. Errors of
 * queues are final, and so is a refusal of the server. The pause grows while sessions fail without a frame between them.
 */
export async function inSessions(session: () => Promise<void>, { connection, signal, counts, onNote }: Sessions): Promise<void> {
  const backoff = new Backoff()
  let framesBefore = counts.frames
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await whenConnected(connection, signal)
      return signal.aborted ? undefined : await session()
    } catch (error) {
      if (signal.aborted) return
      const known = await finalErrorOf(error, connection)
      if (!isQueueError(known, 'ERR_SERVER_UNREACHABLE')) throw known
      if (counts.frames > framesBefore) {
        attempt = 1
        backoff.reset()
      }
      framesBefore = counts.frames
      counts.failures++
      counts.lastError = known.detail
      onNote?.({ error, attempt })
      await sleep(backoff.nextMs(), undefined, { signal }).catch(() => undefined)
    }
  }
}

/** What is sent while there is no connection is not answered. @throws when the next try to connect fails. */
async function whenConnected(connection: NatsConnection, signal: AbortSignal): Promise<void> {
  const isOver = new AbortController()
  const aborted = once(signal, 'abort', { signal: isOver.signal }).catch(() => undefined)
  await Promise.race([connection.flush(), aborted]).finally(() => isOver.abort())
}
