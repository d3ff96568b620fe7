import type { LatencyFigures } from '@chronicle-ts/cli/bench'

/** A way for a message from one process to another, with the rate at which it is tried. */
export interface LatencyMode {
  readonly name: string
  /** What carries the messages: a queue whose reader waits in the thread or on the event loop, or a Unix socket. */
  readonly transport: 'queue-thread' | 'queue-event-loop' | 'socket'
  /** The reader's wait strategy; of no meaning for a socket. */
  readonly wait: 'busySpin' | 'park'
  readonly messagesPerSecond: number
}

export const LATENCY_MODES: readonly LatencyMode[] = [
  { name: 'busySpin, in the thread', transport: 'queue-thread', wait: 'busySpin', messagesPerSecond: 20_000 },
  { name: 'park, in the thread', transport: 'queue-thread', wait: 'park', messagesPerSecond: 2_000 },
  { name: 'park, waitAsync', transport: 'queue-event-loop', wait: 'park', messagesPerSecond: 2_000 },
  { name: 'Unix socket', transport: 'socket', wait: 'park', messagesPerSecond: 2_000 },
]

/** What the receiving process gets on its command line, as JSON. */
export interface ReceiverTask {
  readonly transport: LatencyMode['transport']
  readonly wait: LatencyMode['wait']
  /** The queue's directory, or the socket's path. */
  readonly path: string
  readonly payloadLength: number
  readonly warmUpCount: number
  readonly count: number
}

/** What the receiving process answers: how long messages took from the instant at which they were due until they were in hand. */
export type ReceiverNote = { readonly kind: 'ready' } | { readonly kind: 'done'; readonly figures: LatencyFigures }
