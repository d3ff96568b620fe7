import type { WaitStrategyName, WriterPreset } from '@chronicle-ts/core'
import { CommandError } from '../../command-error.js'
import type { LatencyCounts } from './latency-samples.js'
import type { SeriesPoint } from './throughput-series.js'

/** Appends as fast as it goes, until one of the limits is met. */
export interface WriteTask {
  readonly kind: 'write'
  readonly queue: string
  readonly payloadLength: number
  readonly messagesMax: number
  readonly seconds: number
  readonly preset: WriterPreset
  readonly cpu: number | undefined
}

/** Reads a closed queue from its first message to its last. */
export interface ReadTask {
  readonly kind: 'read'
  readonly queue: string
  readonly payloadLength: number
  readonly messages: number
}

/** Appends messages that are due at fixed instants. */
export interface SendTask {
  readonly kind: 'send'
  readonly queue: string
  readonly payloadLength: number
  readonly ratePerSecond: number
  readonly warmUpCount: number
  readonly count: number
  readonly preset: WriterPreset
  readonly cpu: number | undefined
}

/** Receives them as they come. */
export interface ReceiveTask {
  readonly kind: 'receive'
  readonly queue: string
  readonly reader: string
  readonly payloadLength: number
  readonly wait: WaitStrategyName
  readonly warmUpCount: number
  readonly count: number
  /** How long the measured part lasts by plan: the span of the time series. */
  readonly seconds: number
}

/** What a worker process gets on its command line, as JSON. */
export type BenchTask = WriteTask | ReadTask | SendTask | ReceiveTask

export interface ThroughputNote {
  readonly kind: 'throughput'
  readonly messages: number
  readonly elapsedNs: number
  readonly series: readonly SeriesPoint[]
}

export interface SentNote {
  readonly kind: 'sent'
  /** From the instant at which a message was due to the return of its append. */
  readonly write: LatencyCounts
  readonly elapsedNs: number
}

export interface ReceivedNote {
  readonly kind: 'received'
  /** From the call of append to the message in the reader's hands. */
  readonly transport: LatencyCounts
  /** The call of next() that returned the message, and reading its fields. */
  readonly read: LatencyCounts
  /** From the instant at which a message was due to the message in the reader's hands. */
  readonly endToEnd: LatencyCounts
  readonly series: readonly LatencyPoint[]
}

/** End to end during one piece of the run. */
export interface LatencyPoint {
  readonly atSeconds: number
  readonly p50Ns: number
  readonly p99Ns: number
  readonly maxNs: number
}

/** What a worker answers over its channel. */
export type BenchNote =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string; readonly isWrong: boolean }
  | ThroughputNote
  | SentNote
  | ReceivedNote

/** What was read is not what was written: the figures are worth nothing. */
export class WrongResultError extends CommandError {
  override readonly name = 'WrongResultError'
  override readonly code = 'ERR_WRONG_RESULT'
  override readonly category = 'fatal'
}
