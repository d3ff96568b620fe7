import { type DirectoryPath, InvalidArgumentError, openObserver } from '@chronicle-ts/core'
import { checkOptions, pathOf } from '@chronicle-ts/core/internal'
import type { NatsConnection } from '@nats-io/transport-node'
import { readIdentity } from '../replica/replica-identity.js'
import { type BridgeLag, lagOfReplica, lagOfSource, UNKNOWN_LAG } from './bridge-lag.js'
import { FrameStream, STREAM_NAMES, type StreamNames } from './frame-stream.js'
import { asking } from './refusals.js'
import { sinkNoteOf, sinkOf } from './sink-note.js'

/** One sink of a stream. */
export interface SinkStatus {
  readonly name: string
  /** Host and directory of the replica. */
  readonly replica: string
  /** Messages of the stream that it has not made durable. */
  readonly pendingFrames: number
  /** Sequence of the record that it needs next, as far as it said what is durable. */
  readonly durableSequence: number
  /** Its lag: of the stream to the source, when this is the source; otherwise to the stream. */
  readonly lag: BridgeLag
}

/** Where a queue, its stream and its sinks are. */
export interface BridgeStatus {
  readonly directory: string
  readonly queueId: string
  readonly role: 'source' | 'replica'
  readonly term: number
  readonly nextSequence: number
  readonly durableSequence: number
  readonly stream: {
    readonly name: string
    readonly exists: boolean
    readonly messages: number
    readonly bytes: number
    /** Highest term; above the queue's own for a source that is fenced. */
    readonly term: number
    /** Sequence of the record that the stream needs next; `undefined` for a stream without frames. */
    readonly nextSequence: number | undefined
  }
  /** A source's: the lag of the stream. A replica's: its own lag. */
  readonly lag: BridgeLag
  /** Whether a replica was promoted over this source. */
  readonly fenced: boolean
  readonly sinks: readonly SinkStatus[]
}

/** Reads the status. @throws {@link InvalidArgumentError} for a queue without an id; `ERR_SERVER_UNREACHABLE`, `ERR_SERVER_REFUSED`. */
export async function bridgeStatus(
  place: DirectoryPath,
  connection: NatsConnection,
  names: StreamNames = {},
): Promise<BridgeStatus> {
  const directory = pathOf(place)
  checkOptions(names, STREAM_NAMES)
  return await asking(connection, () => statusBy(directory, connection, names))
}

async function statusBy(directory: string, connection: NatsConnection, names: StreamNames): Promise<BridgeStatus> {
  const identity = readIdentity(directory)
  if (identity?.queueId === undefined)
    throw new InvalidArgumentError({ argument: 'queue', value: directory, expected: 'a queue with an id' })
  using observer = openObserver(directory, { start: 'latest' })
  const { nextSequence } = observer
  const { queueId, term, isReplica } = identity
  const stream = await FrameStream.of(connection, queueId, names)
  const range = await stream.range()
  const end = await stream.end()
  return {
    directory,
    queueId,
    role: isReplica ? 'replica' : 'source',
    term,
    nextSequence,
    durableSequence: observer.durableSequence,
    stream: {
      name: stream.name,
      exists: range !== undefined,
      messages: range?.messages ?? 0,
      bytes: range?.bytes ?? 0,
      term: end.term,
      nextSequence: end.next,
    },
    lag: isReplica ? await lagOfReplica(stream, { nextSequence }, end) : lagOfSource(directory, end.next ?? 0),
    fenced: !isReplica && end.term > term,
    sinks: range === undefined ? [] : await sinksOf(stream, isReplica ? { next: end.next } : { directory }),
  }
}

async function sinksOf(
  stream: FrameStream,
  measure: { readonly directory: string } | { readonly next: number | undefined },
): Promise<SinkStatus[]> {
  const sinks: SinkStatus[] = []
  for await (const consumer of stream.manager.consumers.list(stream.name)) {
    const name = sinkOf(consumer.name)
    if (name === undefined) continue
    const { durable, replica } = sinkNoteOf(consumer)
    const lag =
      'directory' in measure
        ? lagOfSource(measure.directory, durable)
        : { ...UNKNOWN_LAG, messages: measure.next === undefined ? undefined : Math.max(0, measure.next - durable) }
    const pendingFrames = consumer.num_pending + consumer.num_ack_pending
    sinks.push({ name, replica, pendingFrames, durableSequence: durable, lag })
  }
  return sinks
}
