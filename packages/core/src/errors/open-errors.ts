import { QueueError } from './queue-error.js'

/** The directory exists and is not a queue, or its control block is not one of this format. Nothing was changed. */
export class NotAQueueError extends QueueError {
  override readonly name = 'NotAQueueError'
  override readonly code = 'ERR_NOT_A_QUEUE'
  override readonly category = 'usage'
  readonly directory: string
  readonly detail: string

  constructor(facts: { directory: string; detail: string }, options?: ErrorOptions) {
    super(`Not a queue, ${facts.detail}`, { directory: facts.directory }, options)
    this.directory = facts.directory
    this.detail = facts.detail
  }
}

/** A directory or file is not there. */
export class NotFoundError extends QueueError {
  override readonly name = 'NotFoundError'
  override readonly code = 'ERR_NOT_FOUND'
  override readonly category = 'retry'
  readonly path: string

  constructor(facts: { path: string }, options?: ErrorOptions) {
    super('No such file or directory', { path: facts.path }, options)
    this.path = facts.path
  }
}

/** The file says that another version of the format wrote it. Nothing was changed. */
export class UnsupportedVersionError extends QueueError {
  override readonly name = 'UnsupportedVersionError'
  override readonly code = 'ERR_UNSUPPORTED_VERSION'
  override readonly category = 'usage'
  readonly path: string
  readonly version: number
  readonly supported: number

  constructor(facts: { path: string; version: number; supported: number }, options?: ErrorOptions) {
    const { path, version, supported } = facts
    super('The file is of a version that this library does not read', { path, version, supported }, options)
    this.path = path
    this.version = version
    this.supported = supported
  }
}

/** A writer began to create the queue and did not finish in the time that this open would wait. */
export class NotReadyError extends QueueError {
  override readonly name = 'NotReadyError'
  override readonly code = 'ERR_NOT_READY'
  override readonly category = 'retry'
  readonly directory: string
  readonly initState: number | undefined
  readonly waitedMs: number

  constructor(facts: { directory: string; initState?: number | undefined; waitedMs: number }, options?: ErrorOptions) {
    const { directory, initState, waitedMs } = facts
    super('The queue is not ready yet', { directory, initState, waitedMs }, options)
    this.directory = directory
    this.initState = initState
    this.waitedMs = waitedMs
  }
}
