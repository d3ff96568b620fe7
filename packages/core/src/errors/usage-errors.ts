import { QueueError } from './queue-error.js'

/** A value that the call does not accept. Nothing was done. */
export class InvalidArgumentError extends QueueError {
  override readonly name = 'InvalidArgumentError'
  override readonly code = 'ERR_INVALID_ARGUMENT'
  override readonly category = 'usage'
  /** The argument or option, dotted where nested: `retention.maxAgeMs`. */
  readonly argument: string
  /** What was given, as text. */
  readonly value: string
  /** What would be accepted. */
  readonly expected: string

  constructor(facts: { argument: string; value: unknown; expected: string }, options?: ErrorOptions) {
    const value = describeValue(facts.value)
    super(`Invalid argument, expected ${facts.expected}`, { argument: facts.argument, value }, options)
    this.argument = facts.argument
    this.value = value
    this.expected = facts.expected
  }
}

/** The handle is closed. */
export class ClosedError extends QueueError {
  override readonly name = 'ClosedError'
  override readonly code = 'ERR_CLOSED'
  override readonly category = 'usage'
  /** 'writer', 'reader', 'observer', ... */
  readonly handle: string
  readonly directory: string | undefined

  constructor(facts: { handle: string; directory?: string | undefined }, options?: ErrorOptions) {
    super(`The ${facts.handle} is closed`, { directory: facts.directory }, options)
    this.handle = facts.handle
    this.directory = facts.directory
  }
}

/** The record would not fit into an empty segment. Nothing was written. */
export class TooLargeError extends QueueError {
  override readonly name = 'TooLargeError'
  override readonly code = 'ERR_TOO_LARGE'
  override readonly category = 'usage'
  /** Payload bytes asked for. */
  readonly length: number
  /** Payload bytes that a segment of this queue takes at most. */
  readonly maxLength: number
  readonly segmentSize: number

  constructor(facts: { length: number; maxLength: number; segmentSize: number }, options?: ErrorOptions) {
    super('The message does not fit into a segment of this queue', facts, options)
    this.length = facts.length
    this.maxLength = facts.maxLength
    this.segmentSize = facts.segmentSize
  }
}

/** A value in a few words: strings quoted and cut, objects by their class. An object may run code of its own for that, which must not become the error. */
function describeValue(value: unknown): string {
  try {
    return wordsFor(value)
  } catch {
    return 'an object that cannot be described'
  }
}

function wordsFor(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `an array of ${value.length}`
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return `an object of class ${typeof name === 'string' && name !== '' ? name : 'unknown'}`
}

/** A method was called in the middle of another use of the same handle, beside which it cannot work: from inside a callback, or beside a loop. Nothing was changed: call it when that is over. */
export class BusyError extends QueueError {
  override readonly name = 'BusyError'
  override readonly code = 'ERR_BUSY'
  override readonly category = 'usage'
  /** 'writer', 'reader', ... */
  readonly handle: string
  /** The method that was refused, and what is under way. */
  readonly method: string
  readonly during: string

  constructor(facts: { handle: string; method: string; during: string }, options?: ErrorOptions) {
    super('The handle is in the middle of another call', facts, options)
    this.handle = facts.handle
    this.method = facts.method
    this.during = facts.during
  }
}
