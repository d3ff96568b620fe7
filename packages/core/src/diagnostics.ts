import { type Channel, channel } from 'node:diagnostics_channel'

/**
 * What the library publishes on `node:diagnostics_channel`, by channel. Without a subscriber an event costs one test of a flag, and none of them is published per message.
 *
 * Subscribers are called in the middle of the work that the event is about: they store what they need and return. They must not use the queue, and an error that they throw is an uncaught exception.
 */
export interface QueueEvents {
  /** The writer left a segment for the next one. */
  'chronicle:roll': { readonly directory: string; readonly segmentId: number }
  /** A bounded queue was full: the writer waits for readers (`begin`), and waits no longer (`end`, with what it took). */
  'chronicle:blocked': { readonly directory: string; readonly phase: 'begin' | 'end'; readonly waitedMs: number }
  /** An open found something to correct; each action is a row of docs/recovery.md. */
  'chronicle:recovery': { readonly directory: string; readonly cases: readonly string[] }
  /** A segment was deleted, or a reader that held it back was released. */
  'chronicle:retention': {
    readonly directory: string
    readonly segmentsDeleted: number
    readonly releasedReader: string | undefined
  }
  /** A reader went on although messages that it had not read were deleted. */
  'chronicle:loss': { readonly directory: string; readonly count: number }
  /**
   * A reader met records that are damaged or missing: it stopped (`strict`) or went on after them. With `offset` 0 the header or the length of the segment is damaged, and the reader reads the
   * records that are there.
   */
  'chronicle:damage': {
    readonly directory: string
    readonly segmentId: number
    readonly offset: number
    readonly skipped: number
  }
  /** An append was refused because the queue is full. */
  'chronicle:full': { readonly directory: string; readonly waitedMs: number; readonly readers: readonly string[] }
}

export type QueueChannel = keyof QueueEvents

/** Every channel, by name. */
export const QUEUE_CHANNELS: readonly QueueChannel[] = [
  'chronicle:roll',
  'chronicle:blocked',
  'chronicle:recovery',
  'chronicle:retention',
  'chronicle:loss',
  'chronicle:damage',
  'chronicle:full',
]

const channels = Object.fromEntries(QUEUE_CHANNELS.map((name) => [name, channel(name)])) as Readonly<
  Record<QueueChannel, Channel>
>

/** Whether anything listens: asked before the facts of an event are gathered. */
export function isWatched(name: QueueChannel): boolean {
  return channels[name].hasSubscribers
}

/** Publishes an event. For paths that are not hot. */
export function publish<Name extends QueueChannel>(name: Name, event: QueueEvents[Name]): void {
  const target = channels[name]
  if (target.hasSubscribers) target.publish(event)
}
