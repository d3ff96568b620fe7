import type { QueueReader, ReaderOptions } from '@chronicle-ts/core'

/** What a subscription has to do because its topic's queues came or went. */
export type SourceChange =
  | { readonly kind: 'opened'; readonly key: string; readonly reader: QueueReader; readonly isLeaving: boolean }
  /** Its publisher has begun again: a queue that could not be read any more may have been repaired. */
  | { readonly kind: 'restarted'; readonly key: string }
  | { readonly kind: 'leaving'; readonly key: string }
  | { readonly kind: 'gone'; readonly key: string }
  | { readonly kind: 'problem'; readonly key: string; readonly error: Error }

/** A queue that was detached because of an error. */
export interface DetachedSource {
  readonly key: string
  readonly error: Error
  /** Its publisher went: it is read to the end only. */
  readonly isLeaving: boolean
}

/** Finds the queues of a topic and opens their readers. */
export interface TopicSources {
  /** Whether an error of one source is the subscription's own, because there is no other. */
  readonly isSingle: boolean
  /** The changes since the last call. Cheap when there are none. */
  poll(): SourceChange[]
  /** The next changes when they come; none when the signal aborts. */
  nextChanges(signal: AbortSignal): Promise<SourceChange[]>
  /** Takes back a reader that is not read any more. */
  release(key: string, reader: QueueReader): void
  /** Opens a queue again now, whose reader was released. */
  reopen(key: string): SourceChange[]
  /** Opens a queue again later, whose reader was released: soon when the reason may pass, seldom when it does not. */
  postpone(source: DetachedSource): void
  close(): void
}

export interface SourceOptions {
  /** Name under which the queues are read. */
  readonly name: string
  /** One queue of a topic of many. */
  readonly key: string | undefined
  readonly reader: ReaderOptions
}
