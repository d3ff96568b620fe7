import { openObserver } from '@chronicle-ts/core'
import type { FrameStream, StreamEnd } from './frame-stream.js'

/** The distance from one place to a later one. */
export interface BridgeLag {
  readonly messages: number | undefined
  /** Of records. A replica's is an estimate, by the mean size of the stream's messages; `undefined` where nothing says it. */
  readonly bytes: number | undefined
  /** Age of the oldest record that is missing: by its own time at a source, by the time at which the server stored it at a replica. `undefined` where nothing says it. */
  readonly seconds: number | undefined
}

export const UNKNOWN_LAG: BridgeLag = { messages: undefined, bytes: undefined, seconds: undefined }

const NO_LAG: BridgeLag = { messages: 0, bytes: 0, seconds: 0 }

/** How far a place in a queue is from its end. */
export function lagOfSource(directory: string, sequence: number): BridgeLag {
  using observer = openObserver(directory, { start: { sequence } })
  const { messages, bytes, ns } = observer.lag()
  // The stream has more than the queue: a source that lost records in a power cut.
  return messages > 0 ? { messages, bytes, seconds: Number(ns) / 1e9 } : NO_LAG
}

/** How far a replica is from the end of a stream. The message at which its next record begins saves looking for it. */
export async function lagOfReplica(
  stream: FrameStream,
  { nextSequence, message }: { readonly nextSequence: number; readonly message?: number | undefined },
  { next }: StreamEnd,
): Promise<BridgeLag> {
  // A stream without frames, which was purged, trimmed or lost, does not say where the source is.
  if (next === undefined) return UNKNOWN_LAG
  const messages = next - nextSequence
  const range = await stream.range()
  if (messages <= 0 || range === undefined) return NO_LAG
  const found = message ?? (await stream.find(nextSequence))
  const first = found === 'trimmed' ? range.first : found
  const oldest = await stream.messageAt(first)
  return {
    messages,
    bytes: Math.round((range.bytes / Math.max(range.messages, 1)) * (range.last - first + 1)),
    seconds: oldest === undefined ? undefined : Math.max(0, (Date.now() - oldest.storedMs) / 1000),
  }
}
