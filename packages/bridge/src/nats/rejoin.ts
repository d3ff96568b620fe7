import { type DirectoryPath, InvalidArgumentError, openObserver, openWriter } from '@chronicle-ts/core'
import { checkOptions, pathOf } from '@chronicle-ts/core/internal'
import type { NatsConnection } from '@nats-io/transport-node'
import { forgetProgress } from '../progress/bridge-progress.js'
import { type CutOff, cutQueue } from '../replica/cut-queue.js'
import { becomeReplica, readIdentity } from '../replica/replica-identity.js'
import { findFork } from './find-fork.js'
import { FrameStream, STREAM_NAMES, type StreamNames } from './frame-stream.js'
import { asking } from './refusals.js'

export interface Rejoined extends CutOff {
  readonly queueId: string
  readonly term: number
  /** Sequence from which on the queue follows the promoted one. */
  readonly first: number
}

/**
 * Makes a source that was fenced, or a replica that has what a promoted queue did not have, a replica of the promoted queue. Its records are compared with those of the stream; from the first one on that
 * differs, or that the stream does not have, they are moved to the quarantine. A stream that lost a marker may follow another source of the same term, or of a lower one.
 *
 * @throws {@link InvalidArgumentError} when the stream follows no other source; `ERR_DATA_LOST` when the stream no longer has the place where the two parted; `ERR_WRITER_ACTIVE`;
 * `ERR_SERVER_UNREACHABLE`, `ERR_SERVER_REFUSED`: the queue is as it was.
 */
export async function rejoin(place: DirectoryPath, connection: NatsConnection, names: StreamNames = {}): Promise<Rejoined> {
  const directory = pathOf(place)
  checkOptions(names, STREAM_NAMES)
  return await asking(connection, () => rejoinBy(directory, connection, names))
}

async function rejoinBy(directory: string, connection: NatsConnection, names: StreamNames): Promise<Rejoined> {
  const identity = readIdentity(directory)
  if (identity?.queueId === undefined)
    throw new InvalidArgumentError({ argument: 'queue', value: directory, expected: 'a queue with an id' })
  const { queueId, term, isReplica } = identity
  const stream = await FrameStream.of(connection, queueId, names)
  const end = await stream.end()
  if (end.next === undefined && end.term <= term) throw unneeded(directory)
  const next = nextSequenceOf(directory)
  const fork = await findFork(stream, { directory, next })
  // The stream of a source holds what the source has. A replica that is only late needs a pull.
  const isApart = fork.first < (end.next ?? 0) && (!isReplica || end.term < term || fork.first < next)
  if (end.term <= term && !isApart) throw unneeded(directory)
  const cut = cutQueue(directory, fork.first, { queueId, term })
  // Held while it becomes a replica, so that nothing appends to it as to a source.
  using writer = openWriter(directory)
  becomeReplica(directory, { queueId, term: fork.term })
  forgetProgress(directory, 'push')
  return { ...cut, queueId, term: end.term, first: writer.nextSequence }
}

function unneeded(directory: string): InvalidArgumentError {
  return new InvalidArgumentError({
    argument: 'queue',
    value: directory,
    expected: 'a queue of which a replica was promoted',
  })
}

function nextSequenceOf(directory: string): number {
  using observer = openObserver(directory, { start: 'latest' })
  return observer.nextSequence
}
