import {
  APPENDER_SEGMENT_ID,
  APPENDER_WRITE_OFFSET,
  type NativeAppender,
  STATUS_DETACHED,
  STATUS_OK,
  STATUS_UNPREPARED,
} from '@chronicle-ts/native'
import { assert } from '../errors/assert.js'
import { ClosedError } from '../errors/index.js'
import { SEGMENT_HEADER_LENGTH } from '../format/index.js'
import { MappedSegment } from '../segment/mapped-segment.js'
import { PassedPages } from '../segment/passed-pages.js'
import type { SegmentPreparer } from '../segment/segment-preparer.js'
import type { WriteAhead } from './write-ahead.js'

export interface HeadOptions {
  readonly appender: NativeAppender
  readonly preparer: SegmentPreparer
  readonly ahead: WriteAhead
  readonly segment: MappedSegment
  readonly segmentSize: number
}

/**
 * The head segment of a writer, and the way to the next. Only the appender knows which segment that is, and where its next record goes; a roll changes it there
 * in one step. Steps that can fail come before that step, and leave everything as it was; steps after it do not fail.
 */
export class Head {
  readonly #options: HeadOptions
  readonly #state: Float64Array
  /** The head as JavaScript sees it. Only claims and {@link giveBackDurable} need that, so after a roll it is made for the first of them. */
  #mapped: MappedSegment | undefined
  readonly #passedPages = new PassedPages()
  #sinceMs = performance.now()
  #rolls = 0
  #unpreparedRolls = 0

  constructor(options: HeadOptions) {
    this.#options = options
    this.#state = options.appender.state
    const { segment } = options
    if (segment.size === options.segmentSize) this.#mapped = segment
    // Of a new queue only the first page is mapped. Kept, it would hold the blocks of the whole file after its deletion.
    else segment.close()
  }

  get segmentId(): number {
    return this.#state[APPENDER_SEGMENT_ID] as number
  }

  /** Where the next record goes. */
  get position(): { readonly segmentId: number; readonly offset: number } {
    return { segmentId: this.segmentId, offset: this.#state[APPENDER_WRITE_OFFSET] as number }
  }

  get isEmpty(): boolean {
    return (this.#state[APPENDER_WRITE_OFFSET] as number) <= SEGMENT_HEADER_LENGTH
  }

  get ageMs(): number {
    return performance.now() - this.#sinceMs
  }

  get rolls(): number {
    return this.#rolls
  }

  /** Rolls that had to wait for the preparation. */
  get unpreparedRolls(): number {
    return this.#unpreparedRolls
  }

  mapped(): MappedSegment {
    this.#mapped ??= new MappedSegment(this.segmentId, this.#options.appender.segment())
    return this.#mapped
  }

  /** Gives back the pages below this offset, from time to time. Only what is durable: after a sync that failed, the pages are written once more. */
  giveBackDurable(durableOffset: number): void {
    if (this.#passedPages.areDue(durableOffset)) this.#passedPages.giveBack(this.mapped().mapping, durableOffset)
  }

  /**
   * Makes the prepared segment the head, and starts preparing the one after it.
   *
   * @param finish waits for the preparation and returns its job. What it throws, this throws: nothing has changed then.
   */
  enterNext(finish: (segmentId: number) => number): void {
    const { appender, preparer, ahead } = this.#options
    const nextId = this.segmentId + 1
    let status = appender.roll(preparer.jobOf(nextId), nextId)
    if (status === STATUS_UNPREPARED) {
      this.#unpreparedRolls++
      status = appender.roll(finish(nextId), nextId)
    }
    if (status === STATUS_DETACHED) throw new ClosedError({ handle: 'writer' })
    assert(
      status === STATUS_OK && this.segmentId === nextId && this.isEmpty,
      'a roll enters the next segment at its first record',
    )
    preparer.handOver()
    this.#rolls++
    this.#sinceMs = performance.now()
    this.close()
    this.#passedPages.begin(0)
    ahead.afterRoll()
  }

  /** Gives back what JavaScript has mapped. */
  close(): void {
    this.#mapped?.close()
    this.#mapped = undefined
  }
}
