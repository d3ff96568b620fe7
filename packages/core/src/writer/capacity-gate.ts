import { binding } from '@chronicle-ts/native'
import type { MappedControl } from '../control/mapped-control.js'
import { BACKGROUND_TIMEOUT_MS, BLOCKED_SLICE_MS, LAGGING_DELETIONS_MAX } from '../defaults.js'
import { publish } from '../diagnostics.js'
import { QueueFullError } from '../errors/index.js'
import type { QueueDirectory } from '../files/queue-directory.js'
import type { WriterLock } from '../files/writer-lock.js'
import { CONTROL_PROGRESS_SEQUENCE_OFFSET } from '../format/index.js'
import type { Retirement } from '../retention/retirement.js'
import { segmentCapacityOf } from './limits.js'
import type { ResolvedWriterOptions } from './writer-options.js'

export interface CapacityOptions {
  readonly directory: QueueDirectory
  readonly control: MappedControl
  readonly lock: WriterLock
  readonly retirement: Retirement
  readonly options: ResolvedWriterOptions
}

/**
 * Keeps a bounded queue within `maxSegments` and `maxBytes`; the segment that is prepared and one that is being deleted come on top. Asked at each roll, so it costs
 * appends nothing. A blocked writer is released by a reader that commits or leaves (it is woken), by a reader that dies (it looks every `BLOCKED_SLICE_MS`), or by its
 * timeout.
 */
export class CapacityGate {
  readonly #options: CapacityOptions
  readonly #maxSegments: number
  #isHigh = false
  /** Segments that {@link tellHighWatermark} has to report. */
  #untoldSegments: number | undefined
  #blockedCount = 0
  #waitsAsync = false
  #spaceWaitCount = 0

  constructor(options: CapacityOptions) {
    this.#options = options
    this.#maxSegments = segmentCapacityOf(options.options, options.control.segmentSize)
  }

  /** `undefined` for a queue that has no limit. */
  static ofBounded(options: CapacityOptions): CapacityGate | undefined {
    const gate = new CapacityGate(options)
    return gate.#maxSegments === Number.POSITIVE_INFINITY ? undefined : gate
  }

  /** How often a roll had to wait for readers. */
  get blockedCount(): number {
    return this.#blockedCount
  }

  /** How often a roll had to wait until what readers had let go was unlinked. */
  get spaceWaitCount(): number {
    return this.#spaceWaitCount
  }

  /** Returns when there is room for one more segment. @throws {@link QueueFullError} `ERR_QUEUE_FULL`. */
  admit(headSegmentId: number, mayBlock: boolean): void {
    if (!this.#hasRoom(headSegmentId)) {
      const { backpressure, backpressureTimeoutMs } = this.#options.options
      if (backpressure === 'fail' || !mayBlock) throw this.full(0)
      this.#blockedCount++
      this.#block(headSegmentId, backpressureTimeoutMs)
    }
    // A file occupies its space until it is unlinked. Without this, a writer that is faster than the disk would exceed its limit many times over.
    const spare = this.#maxSegments - this.#segmentCount(headSegmentId) - 1
    if (this.#options.retirement.awaitDeletions(spare + LAGGING_DELETIONS_MAX, BACKGROUND_TIMEOUT_MS)) this.#spaceWaitCount++
  }

  /** Reports what was noted since the last call. Not for the middle of a roll: the callback may append. */
  tellHighWatermark(): void {
    const segments = this.#untoldSegments
    if (segments === undefined) return
    this.#untoldSegments = undefined
    const { control, options } = this.#options
    options.onHighWatermark?.({ segments, bytes: segments * control.segmentSize })
  }

  /** The announcement comes first, then the word is loaded, then the last look: a commit in between changes the word. */
  #block(headSegmentId: number, timeoutMs: number): void {
    const { control, lock } = this.#options
    const begun = performance.now()
    const directory = this.#options.directory.path
    publish('chronicle:blocked', { directory, phase: 'begin', waitedMs: 0 })
    try {
      for (;;) {
        control.storeWriterBlocked(true)
        const seen = control.progressSequenceAcquire()
        if (this.#hasRoom(headSegmentId)) return
        const waitedMs = performance.now() - begun
        if (waitedMs >= timeoutMs) throw this.full(Math.round(waitedMs))
        const sliceMs = Math.min(BLOCKED_SLICE_MS, timeoutMs - waitedMs)
        binding.futexWait(control.mapping, CONTROL_PROGRESS_SEQUENCE_OFFSET, seen, sliceMs)
        // Without its lock this writer may not store another word: the control block may be another writer's now.
        if (!lock.isHeld()) throw lock.lostError()
        control.writerHeartbeat()
      }
    } finally {
      if (lock.isHeld()) control.storeWriterBlocked(this.#waitsAsync)
      publish('chronicle:blocked', { directory, phase: 'end', waitedMs: performance.now() - begun })
    }
  }

  /** Announces to readers that appends wait for them on the event loop, or that none does any more. */
  announceAsync(waits: boolean): void {
    this.#waitsAsync = waits
    if (waits) this.#blockedCount++
    this.#options.control.storeWriterBlocked(waits)
  }

  #hasRoom(headSegmentId: number): boolean {
    const { retirement } = this.#options
    while (this.#segmentCount(headSegmentId) + 1 > this.#maxSegments) {
      if (!retirement.retireNow()) return false
    }
    this.#noteHighWatermark(headSegmentId)
    return true
  }

  #segmentCount(headSegmentId: number): number {
    return this.#options.retirement.segmentCountTo(headSegmentId)
  }

  #noteHighWatermark(headSegmentId: number): void {
    const segments = this.#segmentCount(headSegmentId) + 1
    const isHigh = segments >= this.#maxSegments
    if (isHigh && !this.#isHigh) this.#untoldSegments = segments
    this.#isHigh = isHigh
  }

  /** The error of an append that found no room, with what keeps the oldest segment. */
  full(waitedMs: number): QueueFullError {
    const { directory, options, retirement } = this.#options
    const bySegments = options.maxSegments === this.#maxSegments
    const limit = bySegments ? 'maxSegments' : 'maxBytes'
    const value = (bySegments ? options.maxSegments : options.maxBytes) ?? 0
    const { reason, pinnedBy: readers } = retirement.explainFirst()
    publish('chronicle:full', { directory: directory.path, waitedMs, readers })
    return new QueueFullError({ directory: directory.path, limit, value, waitedMs, reason, readers })
  }
}
