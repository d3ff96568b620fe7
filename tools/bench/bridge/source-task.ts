import type { LatencyFigures } from '@chronicle-ts/cli/bench'

/** What the writer of a source gets on its command line, as JSON. */
export interface SourceTask {
  readonly queue: string
  /** Another queue to which it appends the same messages, and which no bridge carries. */
  readonly control: string
  readonly payloadLength: number
  readonly messagesPerSecond: number
  readonly warmUpCount: number
  readonly count: number
}

/** What the reader of a replica gets on its command line, as JSON. It begins at the second message. */
export interface ReplicaTask {
  readonly queue: string
  readonly warmUpCount: number
  readonly count: number
}

/** What a publisher that uses a server alone gets on its command line, as JSON. */
export interface PublisherTask {
  readonly url: string
  readonly bytes: number
}

/** What the reader prints, as JSON: nanoseconds from the instant at which a message was due to the instant at which the replica's reader has it. */
export type BridgeFigures = LatencyFigures

/** What the writer prints, as JSON: nanoseconds of an append. */
export interface AppendFigures {
  readonly source: LatencyFigures
  /** What the machine does to every append of the program, whether its queue is carried or not. */
  readonly control: LatencyFigures
}

/** What the publisher prints, as JSON. */
export interface PublisherFigures {
  readonly megabytesPerSecond: number
}
