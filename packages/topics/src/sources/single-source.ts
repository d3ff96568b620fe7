import type { TopicPlace } from '../topic-place.js'
import { FollowedQueue } from './followed-queue.js'
import type { SourceChange, SourceOptions, TopicSources } from './topic-sources.js'

/** The one queue of a topic. */
export class SingleSource implements TopicSources {
  readonly isSingle = true
  readonly #queue: FollowedQueue

  constructor(place: TopicPlace, options: SourceOptions) {
    this.#queue = new FollowedQueue(place, options)
  }

  poll(): SourceChange[] {
    return this.#queue.poll()
  }

  nextChanges(signal: AbortSignal): Promise<SourceChange[]> {
    return this.#queue.nextChanges(signal)
  }

  release(): void {
    this.#queue.release()
  }

  reopen(): SourceChange[] {
    return []
  }

  postpone(): void {
    // An error of the only queue is thrown by every read until the queue is replaced.
  }

  close(): void {
    this.#queue.close()
  }
}
