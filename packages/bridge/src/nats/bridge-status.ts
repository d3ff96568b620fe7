import { InvalidArgumentError, openObserver } from '@chronicle-ts/core'
import { checkOptions } from '@chronicle-ts/core/internal'
import type { NatsConnection } from '@nats-io/transport-node'
import { readIdentity } from '../replica/replica-identity.js'
import { FrameStream, STREAM_NAMES, type StreamNames } from './frame-stream.js'
import { SINK_PREFIX } from './sink-progress.js'

/** One sink of a stream. */
export interface SinkStatus {
  readonly name: string
  /** Messages of the stream that it has not made durable. */
  readonly pendingFrames: number
  /** Sequence of the record that it needs next, as far as its acknowledgements say; `undefined` when the stream does not have that frame any more. */
  readonly nextSequence: number | undefined
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
  readonly lag: { readonly messages: number; readonly seconds: number | undefined }
  /** Whether a replica was promoted over this source. */
  readonly fenced: boolean
  readonly sinks: readonly SinkStatus[]
}

/** Reads the status. @throws {@link InvalidArgumentError} for a queue without an id; what the server answers. */
export async function bridgeStatus(
  directory: string,
  connection: NatsConnection,
  names: StreamNames = {},
): Promise<BridgeStatus> {
  checkOptions(names, STREAM_NAMES)
  const identity = readIdentity(directory)
  if (identity?.queueId === undefined)
    throw new InvalidArgumentError({ argument: 'queue', value: directory, expected: 'a queue with an id' })
  using observer = openObserver(directory, { start: 'latest' })
  const { nextSequence } = observer
  const { queueId, term, isReplica } = identity
  const stream = await FrameStream.of(connection, queueId, names)
  const range = await stream.range()
  const end = await stream.end()
  const there = end.next ?? 0
  const messages = Math.max(0, isReplica ? there - nextSequence : nextSequence - there)
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
    lag: { messages, seconds: messages === 0 ? 0 : isReplica ? undefined : ageOf(directory, there) },
    fenced: !isReplica && end.term > term,
    sinks: range === undefined ? [] : await sinksOf(stream),
  }
}

/** Seconds since the record was appended, by its time. */
function ageOf(directory: string, sequence: number): number | undefined {
  using observer = openObserver(directory, { start: { sequence } })
  const message = observer.peek()
  if (message === undefined) return undefined
  return Math.max(0, Number(BigInt(Date.now()) * 1_000_000n - message.timestampNs) / 1e9)
}

async function sinksOf(stream: FrameStream): Promise<SinkStatus[]> {
  const sinks: SinkStatus[] = []
  for await (const { name, num_pending, num_ack_pending, ack_floor } of stream.manager.consumers.list(stream.name)) {
    if (!name.startsWith(SINK_PREFIX)) continue
    const frame = ack_floor.stream_seq === 0 ? undefined : await stream.frameAt(ack_floor.stream_seq)
    sinks.push({
      name: name.slice(SINK_PREFIX.length),
      pendingFrames: num_pending + num_ack_pending,
      nextSequence: frame === undefined ? undefined : frame.first + frame.count,
    })
  }
  return sinks
}
