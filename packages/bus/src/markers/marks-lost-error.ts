import { QueueError, type QueueErrorCode } from '@chronicle-ts/core'

/**
 * Why a strategy's marks are not what announces it any more.
 *
 * - `directory-gone`: the queue's directory was moved away or deleted, and nothing stands at its path.
 * - `directory-replaced`: another directory stands at its path.
 * - `taken-over`: in its own directory another process has the queue, or has announced it, or may take it at any time because the writer's lock file was deleted.
 */
export type MarksLoss = 'directory-gone' | 'directory-replaced' | 'taken-over'

const CODES: Readonly<Record<MarksLoss, QueueErrorCode>> = {
  'directory-gone': 'ERR_NOT_FOUND',
  'directory-replaced': 'ERR_QUEUE_REPLACED',
  'taken-over': 'ERR_LOCK_LOST',
}

const DETAILS: Readonly<Record<MarksLoss, string>> = {
  'directory-gone': 'its path names nothing',
  'directory-replaced': 'its path names another directory',
  'taken-over': 'another process has the queue, or may take it',
}

/** READY and LEASE of this strategy announce it no more. Those of a successor are left alone. */
export class MarksLostError extends QueueError {
  override readonly name = 'MarksLostError'
  /** `ERR_NOT_FOUND`, `ERR_QUEUE_REPLACED` or `ERR_LOCK_LOST`, by `loss`. */
  override readonly code: QueueErrorCode
  override readonly category = 'fatal'
  readonly directory: string
  /** As `directory`: the errors of `ERR_NOT_FOUND` have it. */
  readonly path: string
  /** `loss` in words. */
  readonly detail: string
  readonly loss: MarksLoss

  constructor(facts: { readonly directory: string; readonly loss: MarksLoss }) {
    const { directory, loss } = facts
    super('This process no longer owns the markers of this queue', { directory, loss })
    this.code = CODES[loss]
    this.directory = directory
    this.path = directory
    this.detail = DETAILS[loss]
    this.loss = loss
  }
}
