import type { Place } from './transport.js'

/** What one participant does; which topics it uses follows from its role. */
export interface ParticipantTask {
  readonly peer: string
  readonly role: 'send' | 'pace' | 'receive' | 'ask' | 'answer'
  readonly payloadLength: number
  readonly count: number
  /** Messages per call of `send`, or round trips in flight. */
  readonly group: number
  readonly messagesPerSecond: number
  readonly sendTo?: Place
  readonly receiveFrom?: Place
  /** Which receiver of its topic. */
  readonly index: number
}

/** From a participant: opened both sides; finished its work, at this time of CLOCK_MONOTONIC; failed. */
export type ParticipantNote =
  | { readonly kind: 'receiving' | 'ready' }
  | { readonly kind: 'done'; readonly atNs: number; readonly latenciesNs: readonly number[] }
  | { readonly kind: 'failed'; readonly reason: string }

/** To a participant, in this order. Closes its side and ends after the last. */
export type ParticipantOrder = 'connect' | 'go' | 'exit'
