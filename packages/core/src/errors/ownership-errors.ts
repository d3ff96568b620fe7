import { QueueError } from './queue-error.js'

/**
 * A symbolic link is in the place of a file or folder of the queue, which is not followed: it may lead to files of another owner. Or a file that is written in place has a name outside of the queue,
 * after `cp -al` (`isHard`): what is stored into it would change the other directory, too. Nothing was changed.
 */
export class LinkError extends QueueError {
  override readonly name = 'LinkError'
  override readonly code = 'ERR_LINK'
  override readonly category = 'fatal'
  readonly path: string
  readonly isHard: boolean

  constructor({ path, isHard = false }: { path: string; isHard?: boolean }, options?: ErrorOptions) {
    super(
      isHard ? 'A file of the queue has a name outside of the queue' : 'A symbolic link is in the place of a file of the queue',
      { path, isHard },
      options,
    )
    this.path = path
    this.isHard = isHard
  }
}

/**
 * The lock file of the queue is no longer the one that this writer locked: it was deleted or replaced. Another writer may have the queue, so this one writes
 * nothing any more, anywhere. What it appended before stays appended.
 */
export class LockLostError extends QueueError {
  override readonly name = 'LockLostError'
  override readonly code = 'ERR_LOCK_LOST'
  override readonly category = 'fatal'
  readonly directory: string
  /** What was found at the name of the lock file. */
  readonly detail: string

  constructor(facts: { directory: string; detail: string }, options?: ErrorOptions) {
    super(`The writer lock is lost, ${facts.detail}`, { directory: facts.directory }, options)
    this.directory = facts.directory
    this.detail = facts.detail
  }
}

/**
 * The path of the queue names another directory now, or none: it was renamed, deleted or replaced. Everything has been delivered that is left of the queue
 * that was opened; `unread` counts what is not. Open again to read the queue that the path names.
 */
export class QueueReplacedError extends QueueError {
  override readonly name = 'QueueReplacedError'
  override readonly code = 'ERR_QUEUE_REPLACED'
  override readonly category = 'retry'
  readonly directory: string
  /** What the path, or the file, names now. */
  readonly detail: string
  /** Messages that went with their segments before they were delivered. `undefined` where none did, and where it is not known. */
  readonly unread: number | undefined

  constructor(facts: { directory: string; detail: string; unread?: number | undefined }, options?: ErrorOptions) {
    const { directory, detail, unread } = facts
    super(`The queue was replaced, ${detail}`, { directory, unread }, options)
    this.directory = directory
    this.detail = detail
    this.unread = unread
  }
}
