import type { AppendedFrames } from '../feed/appended-frames.js'

/** What a feed says about itself. */
export interface FeedState {
  /** The frames that this process appended, as an account that their queue can be compared with. */
  readonly appended: AppendedFrames
  /** How much of its input is played: 0 to 1. */
  readonly fraction: number
  /** Lines that are not frames: connection and subscription lines, malformed ones, oversize ones. */
  readonly skippedLines: { readonly other: number; readonly malformed: number; readonly oversize: number }
  /** Something that the user should know about the input. */
  readonly warnings: readonly string[]
}

/** What a strategy says about itself. */
export interface StrategyState {
  /** Sequence of the next message to read, by venue. */
  readonly positions: Readonly<Record<string, number>>
  /** Frames carried that it does not understand, since it started. */
  readonly notUnderstood: number
  /** Messages read again after a restart whose order was there already. */
  readonly repeats: number
  /** Messages missing between two that follow each other. */
  readonly gaps: number
  /** Over the life of its queue. */
  readonly orders: number
  /** Over the life of its queue. */
  readonly answers: number
  /** Of histograms, encoded. */
  readonly latencies: {
    /** From the feed's append, of frames sent while the strategy was running. */
    readonly feed: string
    /** From the moment that the feed's schedule set, of the same frames. */
    readonly schedule: string
    /** From the feed's append, of frames that waited for the strategy to start. */
    readonly backlog: string
    /** From an order's append to its answer's arrival. */
    readonly roundTrip: string
  }
}

/** What the router says about itself. */
export interface RouterState {
  readonly strategies: number
  readonly orders: number
  readonly acks: number
  readonly fills: number
  /** Orders read again after a restart that were answered already. */
  readonly repeats: number
  /** Messages on a strategy's queue that are not orders. */
  readonly malformed: number
  readonly gaps: number
  /** From an order's append to its arrival. */
  readonly latencies: { readonly order: string }
}

/** A program to the process that started it. */
export interface Report<State = unknown> {
  /** `ready`: everything is open and waits for the start; `done`: the last word before a regular end. */
  readonly phase: 'ready' | 'running' | 'done'
  readonly state: State
}

/** The process that started a program to it. `drain`: nothing new will come, finish what is there and end. */
export type Command = 'start' | 'drain'
