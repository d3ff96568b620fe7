import { STATUS_AHEAD, STATUS_ROLL } from '@chronicle-ts/native'
import { BACKGROUND_TIMEOUT_MS } from '../defaults.js'
import { publish } from '../diagnostics.js'
import { LockLostError, NoSpaceError, QueueError } from '../errors/index.js'
import type { Retirement } from '../retention/retirement.js'
import { appendFailure, type RefusedAppend } from './append-failure.js'
import type { CapacityGate } from './capacity-gate.js'
import type { Durability } from './durability.js'
import type { Head } from './head.js'
import type { OpenedQueue } from './opened-queue.js'
import type { WriteAhead } from './write-ahead.js'
import type { WriterCallbacks } from './writer-callbacks.js'
import type { WriterLife } from './writer-life.js'

/** What a roll touches. */
export interface RollingParts {
  readonly opened: OpenedQueue
  readonly life: WriterLife
  readonly head: Head
  readonly ahead: WriteAhead
  readonly gate: CapacityGate | undefined
  readonly durability: Durability
  readonly retirement: Retirement | undefined
  readonly callbacks: WriterCallbacks
}

/** Makes room for what did not fit: more of the head, or the next segment. */
export class Rolling {
  readonly #parts: RollingParts

  constructor(parts: RollingParts) {
    this.#parts = parts
  }

  /** Makes room in this segment and answers true, or answers false when a roll is all that is missing; throws what the status means otherwise. */
  makesRoom(status: number, refused: RefusedAppend): boolean {
    const { life, ahead } = this.#parts
    life.assertOpen()
    if (status === STATUS_ROLL) return false
    if (status !== STATUS_AHEAD) throw appendFailure(status, refused)
    this.#withSpace(() => ahead.extend())
    return true
  }

  /** What it has to report is reported when it is over, however it ended: a callback may append, which may roll, and may close the writer. */
  roll(mayBlock: boolean): void {
    try {
      this.enterNext(mayBlock)
    } finally {
      this.#parts.callbacks.report()
    }
  }

  /** By the timer, so that appends read no clock for it. What keeps it from rolling is thrown at the next append that needs it. It never waits for readers. */
  rollByAge(rollAfterMs: number, rollIfUsed: (mayBlock: boolean) => void): void {
    const { head, callbacks } = this.#parts
    if (head.ageMs < rollAfterMs) return
    try {
      rollIfUsed(false)
    } catch (error) {
      if (!(error instanceof QueueError) || callbacks.threw(error)) throw error
    }
  }

  /** {@link roll} that reports nothing. */
  enterNext(mayBlock: boolean): void {
    const { opened, life, head, gate, durability, retirement } = this.#parts
    life.assertOwned()
    gate?.admit(head.segmentId, mayBlock)
    // The lock may have been lost while the writer waited for readers.
    life.assertOwned()
    head.enterNext((segmentId) => this.#withSpace(() => opened.preparer.finish(segmentId)))
    durability.afterRoll()
    retirement?.afterRoll()
    publish('chronicle:roll', { directory: opened.directory.path, segmentId: head.segmentId })
  }

  /** What needs space of the disk. When there is none, what retention does not keep is deleted, and it is tried once more. */
  #withSpace<Result>(attempt: () => Result): Result {
    const { life, retirement } = this.#parts
    // Asked before: a deletion that ends while the disk refuses gives space, too.
    const frees = (retirement?.deletionsUnderWay ?? 0) > 0
    try {
      return attempt()
    } catch (error) {
      if (error instanceof LockLostError) life.assertOwned()
      if (!(error instanceof NoSpaceError) || !(frees || retirement?.retireIfPossible())) throw error
      retirement?.awaitDeletions(0, BACKGROUND_TIMEOUT_MS)
      return attempt()
    }
  }
}
