import { ClosedError, type LockLostError, type QueueError } from '../errors/index.js'
import type { OpenedQueue } from './opened-queue.js'

/**
 * Whether a writer may still write: until it is closed, or finds that its lock is lost. A writer that lost its lock writes nothing any more, anywhere: the queue may be another writer's. What is
 * left to it is to give back what it holds.
 */
export class WriterLife {
  readonly #opened: OpenedQueue
  readonly #onLost: (lost: LockLostError) => void
  #lost: LockLostError | undefined
  #isClosed = false

  /** @param onLost called once, when the lock is found to be lost. */
  constructor(opened: OpenedQueue, onLost: (lost: LockLostError) => void) {
    this.#opened = opened
    this.#onLost = onLost
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /** @returns false when it was closed before. */
  close(): boolean {
    const wasOpen = !this.#isClosed
    this.#isClosed = true
    return wasOpen
  }

  assertOpen(): void {
    if (this.#isClosed || this.#lost !== undefined) throw this.closedError()
  }

  closedError(): QueueError {
    if (this.#lost !== undefined && !this.#isClosed) return this.#lost
    return new ClosedError({ handle: 'writer', directory: this.#opened.directory.path })
  }

  /** Asks the lock. Before anything is published or deleted. @throws {@link LockLostError} */
  assertOwned(): void {
    if (this.#lost === undefined && !this.#opened.lock.isHeld()) this.lose()
    if (this.#lost !== undefined) throw this.#lost
  }

  lose(): void {
    if (this.#lost !== undefined) return
    this.#lost = this.#opened.lock.lostError()
    this.#onLost(this.#lost)
  }
}
