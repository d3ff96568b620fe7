import type { NativeAppender, Status } from '@chronicle-ts/native'
import { STATUS_FAULT, STATUS_OK } from '@chronicle-ts/native'
import { ClosedError, InvalidArgumentError, type QueueError, SegmentTruncatedError } from '../errors/index.js'
import { checkOptions, type OptionNames } from '../files/option-names.js'
import type { MappedSegment } from '../segment/mapped-segment.js'
import type { CommitOptions } from './append-options.js'
import { timestampOf } from './timestamp.js'

const COMMIT_NAMES: OptionNames<CommitOptions> = { timestampNs: true, length: true }

/**
 * Room in the segment for one message, to be filled in place: no copy is made. The object is reused by the next claim of its writer; it is open until
 * `commit()` or `abort()`. The payload's bytes are zero at first.
 *
 * The pattern is Aeron's `tryClaim`.
 */
export class Claim {
  readonly #appender: NativeAppender
  readonly #onCommit: (() => void) | undefined
  #segment: MappedSegment | undefined
  #reason: QueueError | undefined
  #offset = 0
  #length = 0
  /** Counts the claims that this object has stood for. */
  #generation = 0

  /** @internal Made by `QueueWriter.claim`. */
  static of(appender: NativeAppender, onCommit: (() => void) | undefined): Claim {
    return new Claim(appender, onCommit)
  }

  private constructor(appender: NativeAppender, onCommit: (() => void) | undefined) {
    this.#appender = appender
    this.#onCommit = onCommit
  }

  /** @internal Used by the writer only. */
  open(segment: MappedSegment, offset: number, length: number): void {
    this.#segment = segment
    this.#offset = offset
    this.#length = length
    this.#generation++
  }

  /** @internal Used by the writer only: the claim is closed without a call into the appender. `reason` is what its methods throw from now on. */
  invalidate(reason?: QueueError): void {
    this.#segment = undefined
    this.#reason = reason
  }

  /** Bytes of payload. */
  get length(): number {
    return this.#length
  }

  /** The whole segment; the payload begins at {@link payloadOffset}. Write nowhere else: that damages the queue. */
  get view(): DataView {
    return this.#openSegment().view
  }

  get payloadOffset(): number {
    return this.#offset
  }

  /** The payload's bytes as a view of their own; making it allocates, {@link view} does not. */
  get payload(): Buffer {
    return this.#openSegment().bytes.subarray(this.#offset, this.#offset + this.#length)
  }

  // What is not a number is refused before it can run code of the caller to become one.

  setFloat64(at: number, value: number): this {
    if (typeof value !== 'number') throw notStorable(value, 'a number')
    this.#checkRange(at, 8).view.setFloat64(this.#offset + at, value, true)
    return this
  }

  setInt32(at: number, value: number): this {
    if (typeof value !== 'number') throw notStorable(value, 'a number')
    this.#checkRange(at, 4).view.setInt32(this.#offset + at, value, true)
    return this
  }

  setBigInt64(at: number, value: bigint): this {
    if (typeof value !== 'bigint') throw notStorable(value, 'a bigint')
    this.#checkRange(at, 8).view.setBigInt64(this.#offset + at, value, true)
    return this
  }

  /**
   * Publishes the message; readers see it when the call returns. With `length` it gets shorter than what was claimed, and what was written beyond is zeroed.
   *
   * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` for an invalid time or length: the claim stays open.
   * @throws `NotDurableError` `ERR_NOT_DURABLE`: the message is in the queue, and a flush policy that waits could not make it durable.
   */
  commit(options?: CommitOptions): void {
    if (options !== undefined) checkOptions(options, COMMIT_NAMES)
    const generation = this.#generation
    const length = options?.length
    const timestampNs = timestampOf(options?.timestampNs)
    this.#openSegment()
    // Reading the options may have ended this claim and begun another in the same object.
    if (generation !== this.#generation) throw new ClosedError({ handle: 'claim' })
    if (length !== undefined) this.#shorten(length)
    this.#segment = undefined
    this.#check(timestampNs === undefined ? this.#appender.publishNow() : this.#appender.publish(timestampNs))
    this.#onCommit?.()
  }

  /** Gives the room back; what was written into it is zeroed. Does nothing when the claim is not open. */
  abort(): void {
    if (this.#segment === undefined) return
    this.#segment = undefined
    this.#check(this.#appender.abort())
  }

  [Symbol.dispose](): void {
    this.abort()
  }

  #shorten(length: number): void {
    if (!(Number.isInteger(length) && length >= 0 && length <= this.#length))
      throw new InvalidArgumentError({ argument: 'length', value: length, expected: `an integer from 0 to ${this.#length}` })
    this.#check(this.#appender.shorten(length))
    this.#length = length
  }

  #openSegment(): MappedSegment {
    if (this.#segment === undefined) throw this.#reason ?? new ClosedError({ handle: 'claim' })
    return this.#segment
  }

  #checkRange(at: number, length: number): MappedSegment {
    const segment = this.#openSegment()
    if (!(Number.isInteger(at) && at >= 0 && at + length <= this.#length)) {
      const expected = `an offset in the claimed payload of ${this.#length} bytes, with ${length} bytes after it`
      throw new InvalidArgumentError({ argument: 'at', value: at, expected })
    }
    return segment
  }

  /** The appender's claim is open as long as this one is, so that nothing else can be refused. */
  #check(status: Status): void {
    if (status === STATUS_FAULT) {
      this.#segment = undefined
      throw new SegmentTruncatedError({})
    }
    // Never silently: a message that was not published must not count as published.
    if (status !== STATUS_OK) throw new ClosedError({ handle: 'claim' })
  }
}

function notStorable(value: unknown, expected: string): InvalidArgumentError {
  return new InvalidArgumentError({ argument: 'value', value, expected })
}
