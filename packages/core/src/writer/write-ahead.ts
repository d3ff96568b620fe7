import {
  APPENDER_AHEAD_END,
  APPENDER_SEGMENT_ID,
  APPENDER_WRITE_OFFSET,
  binding,
  type NativeAppender,
} from '@chronicle-ts/native'
import { AHEAD_GROWTH, AHEAD_MS, AHEAD_RESERVE_BYTES, READY_BYTES_MIN } from '../defaults.js'
import { fromSystemError } from '../errors/index.js'
import { errnoError } from '../files/errno-error.js'
import type { SegmentPreparer } from '../segment/segment-preparer.js'

export interface WriteAheadOptions {
  readonly appender: NativeAppender
  readonly preparer: SegmentPreparer
  /** The queue's directory, for errors. */
  readonly directory: string
  readonly segmentSize: number
  /** Touch pages ahead, not only reserve them. */
  readonly prefault: boolean
  /** Make whole segments ready, at every rate. */
  readonly whole: boolean
}

/**
 * Keeps a stretch of the head segment ready ahead of the writer: blocks reserved, pages touched, by the background thread. The stretch covers {@link AHEAD_MS} at the rate of
 * the last appends. So a queue that is hardly used takes hardly any disk and memory, and a busy one never waits.
 *
 * ```text
 *   records      ready               asked of the thread    holes, which read as zeros
 *   ###########|..................|......................|                              |
 *        write offset   ^limit    reserved end       ready end                    segment size
 * ```
 *
 * The appender stops at the limit, which lies inside of what is reserved, and asks for more. Invariant: no record ends beyond the reserved end, so a full disk is an error here, before
 * a byte is stored, and never a fault.
 */
export class WriteAhead {
  readonly #options: WriteAheadOptions
  readonly #state: Float64Array
  #distance: number
  /** Up to where the thread was asked to make the head ready. */
  #readyEnd = 0
  #measuredOffset = 0
  #measuredMs = 0

  constructor(options: WriteAheadOptions) {
    this.#options = options
    this.#state = options.appender.state
    this.#distance = options.whole ? options.segmentSize : Math.min(READY_BYTES_MIN, options.segmentSize)
  }

  /** A segment became the head that other writers may have reserved or not: nothing is known of it, and nothing is waited for. */
  begin(): void {
    const { appender } = this.#options
    const offset = this.#writeOffset
    appender.startReservedAt(offset)
    appender.setLimit(offset)
    this.#enter(offset)
  }

  /** The writer rolled into a prepared segment. */
  afterRoll(): void {
    this.#enter(this.#options.appender.reservedEnd())
  }

  #enter(reservedEnd: number): void {
    this.#readyEnd = reservedEnd
    this.#measuredOffset = this.#writeOffset
    this.#measuredMs = performance.now()
    this.#makeReady(this.#writeOffset)
  }

  /**
   * The next record would end beyond the limit: moves it, at least to that record's end.
   *
   * @throws `NoSpaceError` `ERR_NO_SPACE`, `IoError` `ERR_IO`, `LimitError` `ERR_LIMIT`: nothing was written, the next append tries again.
   */
  extend(): void {
    const { appender, segmentSize } = this.#options
    const end = this.#state[APPENDER_AHEAD_END] as number
    this.#measure()
    let reservedEnd = appender.reservedEnd()
    if (end > reservedEnd) reservedEnd = this.#reserve(end)
    this.#makeReady(end)
    const look = Math.max(end, this.#writeOffset + this.#distance / 2)
    appender.setLimit(this.#isNextDue(end) ? Math.min(reservedEnd, look) : Math.min(reservedEnd, look, this.#nextDueAt))
    if (reservedEnd === segmentSize && this.#isNextDue(end)) appender.setLimit(segmentSize)
  }

  /** The thread was not fast enough, or could not. A little more than the record needs, but no more than there is. */
  #reserve(end: number): number {
    const { appender, directory, segmentSize } = this.#options
    const wanted = Math.min(segmentSize, end + Math.min(AHEAD_RESERVE_BYTES, this.#distance))
    let errno = appender.reserve(wanted)
    if (errno !== 0 && wanted > end) errno = appender.reserve(end)
    if (errno !== 0) throw fromSystemError(errnoError(errno, 'fallocate'), { path: directory, length: end })
    return appender.reservedEnd()
  }

  #makeReady(end: number): void {
    const { appender, preparer, segmentSize, prefault } = this.#options
    const readyEnd = Math.min(segmentSize, end + this.#distance)
    if (readyEnd > this.#readyEnd) {
      binding.jobRelease(appender.makeReady(this.#readyEnd, readyEnd, prefault))
      this.#readyEnd = readyEnd
    }
    if (this.#isNextDue(end)) preparer.start((this.#state[APPENDER_SEGMENT_ID] as number) + 1, this.#distance)
  }

  /** Preparing the next segment begins when half of the head is used, or earlier when the writer is so fast. */
  #isNextDue(offset: number): boolean {
    return offset >= this.#nextDueAt
  }

  get #nextDueAt(): number {
    const { segmentSize } = this.#options
    return Math.min(segmentSize / 2, segmentSize - 2 * this.#distance)
  }

  /** The distance grows by steps, so that a short burst after a rest does not fill the memory. */
  #measure(): void {
    const now = performance.now()
    const offset = this.#writeOffset
    const { whole, segmentSize } = this.#options
    const wanted = ((offset - this.#measuredOffset) / Math.max(now - this.#measuredMs, 0.001)) * AHEAD_MS
    this.#measuredOffset = offset
    this.#measuredMs = now
    if (whole) return
    const bounded = Math.max(READY_BYTES_MIN, Math.min(wanted, this.#distance * AHEAD_GROWTH))
    this.#distance = Math.min(segmentSize, Math.ceil(bounded / READY_BYTES_MIN) * READY_BYTES_MIN)
  }

  get #writeOffset(): number {
    return this.#state[APPENDER_WRITE_OFFSET] as number
  }
}
