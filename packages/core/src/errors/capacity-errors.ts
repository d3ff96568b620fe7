import { QueueError } from './queue-error.js'

/** The file system has no room, or a quota is used up. No byte of the message was stored. The queue continues to work when there is room again. */
export class NoSpaceError extends QueueError {
  override readonly name = 'NoSpaceError'
  override readonly code = 'ERR_NO_SPACE'
  override readonly category = 'retry'
  readonly path: string | undefined
  /** Bytes that were asked for. */
  readonly length: number | undefined

  constructor(facts: { path?: string | undefined; length?: number | undefined }, options?: ErrorOptions) {
    super('No space left for the queue', { path: facts.path, length: facts.length }, options)
    this.path = facts.path
    this.length = facts.length
  }
}

/** How many names of readers a message has at most; the field has all. */
const NAMES_MAX = 5

/** The queue has reached its `maxBytes` or `maxSegments` and its readers have not made room in time. Nothing was written. */
export class QueueFullError extends QueueError {
  override readonly name = 'QueueFullError'
  override readonly code = 'ERR_QUEUE_FULL'
  override readonly category = 'retry'
  readonly directory: string
  /** The limit that was reached: 'maxBytes' or 'maxSegments'. */
  readonly limit: string
  readonly value: number
  /** For how long the writer waited; 0 when it was not to wait. */
  readonly waitedMs: number
  /** Why the oldest segment stays: 'readers have not committed past it', or that no reader is registered, ... */
  readonly reason: string
  /** The readers that have not committed past the oldest segment. */
  readonly readers: readonly string[]

  constructor(
    facts: {
      directory: string
      limit: string
      value: number
      waitedMs: number
      reason: string
      readers: readonly string[]
    },
    options?: ErrorOptions,
  ) {
    const { directory, limit, value, waitedMs, reason, readers } = facts
    const names = readers.length === 0 ? undefined : listed(readers)
    super(
      `The queue is full, and its oldest segment stays: ${reason}`,
      { directory, limit, value, waitedMs, readers: names },
      options,
    )
    this.directory = directory
    this.limit = limit
    this.value = value
    this.waitedMs = waitedMs
    this.reason = reason
    this.readers = readers
  }
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMES_MAX
  return more > 0 ? `${names.slice(0, NAMES_MAX).join()} and ${more} more` : names.join()
}

/** A limit of the operating system was reached; the message names it. */
export class LimitError extends QueueError {
  override readonly name = 'LimitError'
  override readonly code = 'ERR_LIMIT'
  override readonly category = 'usage'
  /** 'RLIMIT_MEMLOCK', 'RLIMIT_NOFILE', 'vm.max_map_count', ... */
  readonly limit: string
  readonly path: string | undefined
  readonly syscall: string | undefined

  constructor(facts: { limit: string; path?: string | undefined; syscall?: string | undefined }, options?: ErrorOptions) {
    const { limit, path, syscall } = facts
    super('A limit of the operating system was reached', { limit, path, syscall }, options)
    this.limit = limit
    this.path = path
    this.syscall = syscall
  }
}

/**
 * A message is in the queue and visible, and could not be made durable: a flush policy that waits has failed. Do not append it again. A later flush that succeeds
 * makes it durable.
 */
export class NotDurableError extends QueueError {
  override readonly name = 'NotDurableError'
  override readonly code = 'ERR_NOT_DURABLE'
  override readonly category = 'retry'
  readonly directory: string
  /** Sequence of the last message that was appended by the call. */
  readonly sequence: number

  constructor(facts: { directory: string; sequence: number }, options?: ErrorOptions) {
    super('The message is appended and not durable', facts, options)
    this.directory = facts.directory
    this.sequence = facts.sequence
  }
}
