import { DataLostError, InvalidArgumentError, openObserver, openWriter } from '@chronicle-ts/core'
import { checkOptions } from '@chronicle-ts/core/internal'
import type { NatsConnection } from '@nats-io/transport-node'
import { type CutOff, cutQueue } from '../replica/cut-queue.js'
import { becomeReplica, readIdentity } from '../replica/replica-identity.js'
import { FrameStream, STREAM_NAMES, type StreamNames } from './frame-stream.js'

export interface Rejoined extends CutOff {
  readonly queueId: string
  readonly term: number
  /** Sequence from which on the queue follows the promoted one. */
  readonly first: number
}

/**
 * Makes a source that was fenced a replica of the promoted queue. Records that it has beyond the marker of the new term were never replicated: they are moved to the quarantine.
 *
 * @throws {@link InvalidArgumentError} when nothing was promoted, or the queue is a replica already; {@link DataLostError} when the stream no longer has the marker; `ERR_WRITER_ACTIVE`.
 */
export async function rejoin(directory: string, connection: NatsConnection, names: StreamNames = {}): Promise<Rejoined> {
  checkOptions(names, STREAM_NAMES)
  const identity = readIdentity(directory)
  if (identity?.queueId === undefined)
    throw new InvalidArgumentError({ argument: 'queue', value: directory, expected: 'a queue with an id' })
  const { queueId, term } = identity
  const stream = await FrameStream.of(connection, queueId, names)
  const marker = await firstOfHigherTerm(stream, { directory, term })
  const cut = cutQueue(directory, marker.first, { queueId, term })
  // Held while it becomes a replica, so that nothing appends to it as to a source.
  using writer = openWriter(directory)
  becomeReplica(directory, { queueId, term: marker.term })
  return { ...cut, queueId, term: marker.term, first: Math.min(marker.first, writer.nextSequence) }
}

/** Finds where the first term above this one begins. Terms only go up, so bisection finds it. */
async function firstOfHigherTerm(
  stream: FrameStream,
  own: { readonly directory: string; readonly term: number },
): Promise<{ first: number; term: number }> {
  const range = await stream.range()
  const end = await stream.end()
  if (range === undefined || end.term <= own.term)
    throw new InvalidArgumentError({
      argument: 'queue',
      value: own.directory,
      expected: 'a queue of which a replica was promoted',
    })
  let low = range.first
  let high = range.last
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const frame = await stream.frameAt(middle)
    if (frame !== undefined && frame.term > own.term) high = middle
    else low = middle + 1
  }
  const frame = await stream.frameAt(low)
  if (frame !== undefined && frame.count === 0) return frame
  using observer = openObserver(own.directory, { start: 'latest' })
  throw new DataLostError({ directory: own.directory, from: observer.nextSequence, to: frame?.first ?? 0 })
}
