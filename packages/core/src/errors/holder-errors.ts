import { QueueError } from './queue-error.js'

/** What is known of the process that holds a lock. All of it can be missing: the lock itself decides, the rest explains. */
export interface LockHolder {
  readonly pid?: number | undefined
  /** Clock ticks since boot, as in `/proc/<pid>/stat`. */
  readonly startTime?: number | undefined
  /** For how long the process has been running. */
  readonly sinceMs?: number | undefined
}

/** Another writer has the queue open. Nothing was changed. */
export class WriterActiveError extends QueueError {
  override readonly name = 'WriterActiveError'
  override readonly code = 'ERR_WRITER_ACTIVE'
  override readonly category = 'retry'
  readonly directory: string
  readonly pid: number | undefined
  readonly startTime: number | undefined
  readonly sinceMs: number | undefined
  /** How we know: 'the lock is held', 'open in this process', ... */
  readonly how: string

  constructor(facts: { directory: string; how: string } & LockHolder, options?: ErrorOptions) {
    const { directory, pid, startTime, sinceMs, how } = facts
    super('Another writer has this queue open', { directory, pid, startTime, sinceMs, how }, options)
    this.directory = directory
    this.pid = pid
    this.startTime = startTime
    this.sinceMs = sinceMs
    this.how = how
  }
}

/** Another reader of this name has the queue open. Nothing was changed. */
export class ReaderActiveError extends QueueError {
  override readonly name = 'ReaderActiveError'
  override readonly code = 'ERR_READER_ACTIVE'
  override readonly category = 'retry'
  readonly directory: string
  readonly reader: string
  readonly pid: number | undefined

  constructor(facts: { directory: string; reader: string; pid?: number | undefined }, options?: ErrorOptions) {
    const { directory, reader, pid } = facts
    super('Another reader of this name has the queue open', { directory, reader, pid }, options)
    this.directory = directory
    this.reader = reader
    this.pid = pid
  }
}
