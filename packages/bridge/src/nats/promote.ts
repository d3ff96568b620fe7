import { randomInt } from 'node:crypto'
import { DataLostError, type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import { checkOptions, pathOf, TEXT } from '@chronicle-ts/core/internal'
import type { NatsConnection } from '@nats-io/transport-node'
import { termMarker } from '../frames/frame.js'
import { forgetProgress } from '../progress/bridge-progress.js'
import { becomeSource } from '../replica/replica-identity.js'
import { ReplicaSink } from '../replica/replica-sink.js'
import { FrameStream, STREAM_NAMES, type StreamNames } from './frame-stream.js'
import { checkSinkName } from './nats-names.js'
import { Puller } from './puller.js'
import { asking } from './refusals.js'
import { consumerOf } from './sink-note.js'

/** A term begins at most this far above the highest one that is known, by chance: of two promotions that do not know of each other, one fences the other. Sources of one term would not. */
const TERM_STEP_MAX = 1_000_000
/** How many promotions a stream may have seen that was lost before this replica read their markers. */
const PROMOTIONS_LOST_MAX = 1000

/** Others that append or promote at the same time make a try fail. */
const TRIES_MAX = 100

export interface Promoted {
  readonly queueId: string
  readonly term: number
  /** Sequence with which the term begins. */
  readonly first: number
}

/**
 * Makes a replica the source of its history: takes what is left in the stream over, and publishes a marker of the next term as the message that follows. The server accepts one message there: of two promotions,
 * and of a promotion and a source that still publishes, one wins, and the other one sees it.
 *
 * @throws {@link InvalidArgumentError} for a queue that is not a replica; `ERR_WRITER_ACTIVE` while it is being pulled; what {@link Puller.run} throws; `ERR_SERVER_UNREACHABLE`: it may be
 * promoted or not, and the same call again completes it.
 */
export async function promote(
  place: DirectoryPath,
  connection: NatsConnection,
  names: StreamNames & { readonly name: string },
): Promise<Promoted> {
  const directory = pathOf(place)
  checkOptions(names, { ...STREAM_NAMES, name: TEXT })
  checkSinkName(names.name)
  return await asking(connection, () => promoteBy(directory, connection, names))
}

async function promoteBy(
  directory: string,
  connection: NatsConnection,
  names: StreamNames & { readonly name: string },
): Promise<Promoted> {
  using sink = new ReplicaSink(directory)
  const { queueId } = sink
  if (queueId === undefined)
    throw new InvalidArgumentError({ argument: 'queue', value: directory, expected: 'a replica with records' })
  const { name, ...streamNames } = names
  const stream = await FrameStream.of(connection, queueId, streamNames)
  await stream.ensure()
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    await new Puller(sink, stream, { name, once: true }).run(new AbortController().signal)
    const end = await stream.end()
    const own = sink.nextSequence ?? 0
    const first = end.next ?? own
    // More came meanwhile.
    if (first > own) continue
    // A stream without frames was lost, and other promotions with it: this one is the last.
    const unseen = end.next === undefined ? PROMOTIONS_LOST_MAX * TERM_STEP_MAX : 0
    const term = Math.max(end.term, sink.term) + unseen + randomInt(1, TERM_STEP_MAX + 1)
    // What the replica has beyond the stream, which has lost it, is published under the new term.
    if (!(await stream.publish(termMarker({ queueId, term, first }), end.lastSequence))) continue
    becomeSource(directory, { queueId, term })
    forgetProgress(directory, 'pull')
    // A source is not a sink any more: the next push must not wait for it.
    await stream.manager.consumers.delete(stream.name, consumerOf(names.name)).catch(() => undefined)
    return { queueId, term, first }
  }
  throw new DataLostError({ directory, from: sink.nextSequence, to: (await stream.end()).next ?? 0 })
}
