import { InvalidArgumentError, openObserver } from '@chronicle-ts/core'
import type { NatsConnection } from '@nats-io/transport-node'
import { readIdentity } from '../replica/replica-identity.js'
import { FrameStream, type StreamEnd, type StreamNames } from './frame-stream.js'
import { sinkNoteOf, sinkOf } from './sink-note.js'

/** How far one place is behind another one. */
export interface BridgeLag {
  readonly messages: number
  /** Of records. A replica's is an estimate, by the mean size of the stream's messages; `undefined` where nothing says it. */
  readonly bytes: number | undefined
  /** Age of the oldest record that is missing: by its own time at a source, by the time at which the server stored it at a replica. `undefined` where nothing says it. */
  readonly seconds: number | undefined
}

/** One sink of a stream. */
export interface SinkStatus {
  readonly name: string
  /** Host and directory of the replica. */
  readonly replica: string
  /** Messages of the stream that it has not made durable. */
  readonly pendingFrames: number
  /** Sequence of the record that it needs next, as far as it said what is durable. */
  readonly durableSequence: number
  /** How far it is behind the source, when this is the source; otherwise behind the stream. */
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
  /** A source's: how far the stream is behind it. A replica's: how far it is behind the stream. */
  readonly lag: BridgeLag
  /** Whether a replica was promoted over this source. */
  readonly fenced: boolean
  readonly sinks: readonly SinkStatus[]
}

const NO_LAG: BridgeLag = { messages: 0, bytes: 0, seconds: 0 }

/** Reads the status. @throws {@link InvalidArgumentError} for a queue without an id; what the server answers. */
export async function bridgeStatus(
  directory: string,
  connection: NatsConnection,
  names: StreamNames = {},
): Promise<BridgeStatus> {
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
    lag: isReplica ? await lagOfReplica(stream, nextSequence, end) : lagOfSource(directory, end.next ?? 0),
    fenced: !isReplica && end.term > term,
    sinks: range === undefined ? [] : await sinksOf(stream, isReplica ? { next: end.next ?? 0 } : { directory }),
  }
}

/** How far a place in a queue is from its end. */
export function lagOfSource(directory: string, sequence: number): BridgeLag {
  using observer = openObserver(directory, { start: { sequence } })
  const { messages, bytes, ns } = observer.lag()
  // The stream has more than the queue: a source that lost records in a power cut.
  return messages > 0 ? { messages, bytes, seconds: Number(ns) / 1e9 } : NO_LAG
}

/** How far a replica is from the end of a stream. */
export async function lagOfReplica(stream: FrameStream, nextSequence: number, { next = 0 }: StreamEnd): Promise<BridgeLag> {
  const messages = next - nextSequence
  const range = await stream.range()
  if (messages <= 0 || range === undefined) return NO_LAG
  const found = await stream.find(nextSequence)
  const first = found === 'trimmed' ? range.first : found
  const oldest = await stream.messageAt(first)
  return {
    messages,
    bytes: Math.round((range.bytes / Math.max(range.messages, 1)) * (range.last - first + 1)),
    seconds: oldest === undefined ? undefined : Math.max(0, (Date.now() - oldest.storedMs) / 1000),
  }
}

async function sinksOf(
  stream: FrameStream,
  measure: { readonly directory: string } | { readonly next: number },
): Promise<SinkStatus[]> {
  const sinks: SinkStatus[] = []
  for await (const consumer of stream.manager.consumers.list(stream.name)) {
    const name = sinkOf(consumer.name)
    if (name === undefined) continue
    const { durable, replica } = sinkNoteOf(consumer)
    const lag =
      'directory' in measure
        ? lagOfSource(measure.directory, durable)
        : { messages: Math.max(0, measure.next - durable), bytes: undefined, seconds: undefined }
    const pendingFrames = consumer.num_pending + consumer.num_ack_pending
    sinks.push({ name, replica, pendingFrames, durableSequence: durable, lag })
  }
  return sinks
}
