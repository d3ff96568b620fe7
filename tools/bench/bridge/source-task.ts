import type { LatencyFigures } from '@chronicle-ts/cli/bench'

/** What the writer of a source gets on its command line, as JSON. */
export interface SourceTask {
  readonly queue: string
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

/** What both print, as JSON: nanoseconds of an append, or from the instant at which a message was due to the instant at which the replica's reader has it. */
export type BridgeFigures = LatencyFigures
