import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { ConsumerInfo } from '@nats-io/jetstream'

/** Names of the consumers of sinks begin with it. */
const PREFIX = 'chronicle-sink-'

/**
 * What a sink says of itself, in the description of its consumer. Acknowledgements would not do: a stream that is purged, or that lost messages and gets others under the same numbers, moves
 * them without the sink. This number only comes from the sink, and an old one is too low.
 */
export interface SinkNote {
  /** Records below it survive a power cut of the sink's host. */
  readonly durable: number
  /** Host and directory, so that two replicas do not share one name. */
  readonly replica: string
}

/** Returns the name of the consumer of a sink. */
export function consumerOf(sink: string): string {
  return `${PREFIX}${sink}`
}

/** Returns the name of the sink that this consumer belongs to; `undefined` for a consumer of something else. */
export function sinkOf(consumer: string): string | undefined {
  return consumer.startsWith(PREFIX) ? consumer.slice(PREFIX.length) : undefined
}

export function replicaAt(directory: string): string {
  return `${hostname()}:${resolve(directory)}`
}

export function encodeSinkNote({ durable, replica }: SinkNote): string {
  return JSON.stringify({ durable, replica })
}

/** Returns what the sink says; nothing durable for a consumer that a sink did not make. */
export function sinkNoteOf({ config }: ConsumerInfo): SinkNote {
  try {
    const { durable, replica } = JSON.parse(config.description ?? '')
    if (Number.isSafeInteger(durable) && durable >= 0 && typeof replica === 'string') return { durable, replica }
  } catch {
    // A description that a person wrote.
  }
  return { durable: 0, replica: '' }
}
